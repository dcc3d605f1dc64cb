using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IndustryData.WebApi.Security;

/// <summary>
/// Remembers whom a valid token is of, so that its signature is checked once and not with every request. What is remembered goes by a hash of the
/// whole header, ends with the token's own <c>exp</c>, and with the issuer's keys when they are read anew. What was refused is not remembered.
/// </summary>
internal sealed class RememberedTokens(TimeProvider clock) : IDisposable
{
    /// <summary>More tokens than that are checked again and again.</summary>
    public const int Capacity = 10_000;

    private readonly MemoryCache _tokens = new(new MemoryCacheOptions { SizeLimit = Capacity });

    /// <summary>The caller, if this very header was valid before and still is.</summary>
    public async ValueTask<AuthenticateResult?> FindAsync(string header, CancellationToken cancellationToken)
    {
        if (!_tokens.TryGetValue(KeyOf(header), out Remembered? known) || known!.Expires <= clock.GetUtcNow())
        {
            return null;
        }

        // The same object until the issuer's keys have been read again, which this also keeps going.
        return known.Issuer is null || ReferenceEquals(await known.Issuer.GetBaseConfigurationAsync(cancellationToken), known.Configuration) ? known.Result : null;
    }

    /// <summary>Takes note of a token that was checked just now.</summary>
    public async Task AddAsync(TokenValidatedContext validated)
    {
        var (issuer, header) = (validated.Options.ConfigurationManager as BaseConfigurationManager, validated.Request.Headers.Authorization.ToString());
        var configuration = issuer is null ? null : await issuer.GetBaseConfigurationAsync(validated.HttpContext.RequestAborted);
        if (validated.SecurityToken is not JsonWebToken token
            || (configuration is not null && !configuration.SigningKeys.Any(k => k.KeyId == token.Kid)))
        {
            // Signed with a key that the issuer has withdrawn already, and taken for a last time.
            return;
        }

        var result = AuthenticateResult.Success(new AuthenticationTicket(validated.Principal!, validated.Scheme.Name));
        _tokens.Set(
            KeyOf(header),
            new Remembered(result, token.ValidTo, issuer, configuration),
            new MemoryCacheEntryOptions { Size = 1, AbsoluteExpiration = new DateTimeOffset(token.ValidTo) });
    }

    /// <inheritdoc />
    public void Dispose() => _tokens.Dispose();

    private static HeaderKey KeyOf(string header)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(header), hash);
        return new HeaderKey(BitConverter.ToUInt64(hash), BitConverter.ToUInt64(hash[8..]), BitConverter.ToUInt64(hash[16..]), BitConverter.ToUInt64(hash[24..]));
    }

    private readonly record struct HeaderKey(ulong A, ulong B, ulong C, ulong D);

    private sealed record Remembered(AuthenticateResult Result, DateTimeOffset Expires, BaseConfigurationManager? Issuer, BaseConfiguration? Configuration);
}

/// <summary>Answers for tokens that are remembered, and hands every other request to the scheme of its token's issuer.</summary>
internal sealed class RememberingHandler(IOptionsMonitor<RememberingOptions> options, ILoggerFactory logger, UrlEncoder encoder, RememberedTokens tokens)
    : AuthenticationHandler<RememberingOptions>(options, logger, encoder)
{
    protected override async Task<AuthenticateResult> HandleAuthenticateAsync() =>
        Request.Headers.Authorization is [{ } header] && await tokens.FindAsync(header, Context.RequestAborted) is { } known
            ? known
            : await Context.AuthenticateAsync(Options.SchemeFor(Context));

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) => Context.ChallengeAsync(Options.SchemeFor(Context), properties);

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => Context.ForbidAsync(Options.SchemeFor(Context), properties);
}

/// <summary>What the handler has to know.</summary>
internal sealed class RememberingOptions : AuthenticationSchemeOptions
{
    /// <summary>The scheme that checks a request's token.</summary>
    public Func<HttpContext, string> SchemeFor { get; set; } = _ => "";
}
