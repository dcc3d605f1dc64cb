using System.Runtime.InteropServices;
using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IndustryData.WebApi.Security;

/// <summary>
/// Remembers whom a valid token is of, so that its signature is checked once and not with every request. What is
/// remembered goes by a hash of the whole header, ends with the token's own <c>exp</c>, and when the issuer's keys are
/// read again. What was refused is not remembered.
/// </summary>
internal sealed class ValidatedTokenCache(TimeProvider clock) : IDisposable
{
    /// <summary>
    /// The most bytes that all tokens occupy, as estimated. Further tokens are checked with every request.
    /// </summary>
    public const long MaxBytes = 64L * 1024 * 1024;

    /// <summary>The longest header that is remembered, in characters.</summary>
    public const int MaxHeaderLength = 8 * 1024;

    // The claims of a caller, the entry of the cache and the hash.
    private const int BytesPerToken = 1024;

    private readonly MemoryCache _tokens = new(new MemoryCacheOptions { SizeLimit = MaxBytes });

    /// <summary>
    /// Lets a request in whose very header was valid before and still is, and whose token has the permission that the
    /// route asks for.
    /// </summary>
    /// <returns>False if the cache cannot decide: then authentication and authorization run.</returns>
    public bool TryAuthenticate(HttpContext http)
    {
        if (
            http.GetEndpoint()?.Metadata.GetMetadata<Permission>() is not { } permission
            || http.Request.Headers.Authorization is not [{ Length: <= MaxHeaderLength } header]
            || !_tokens.TryGetValue(KeyOf(header), out CachedToken? known)
            || known!.Expires <= clock.GetUtcNow()
            || !SigningKeysUnchanged(known)
            || !Permissions.Grants(known.Caller, permission)
        )
        {
            return false;
        }

        http.User = known.Caller;
        return true;
    }

    /// <summary>Takes note of a token that was checked just now.</summary>
    public async Task AddAsync(TokenValidatedContext validated)
    {
        var (issuer, header) = (
            validated.Options.ConfigurationManager as BaseConfigurationManager,
            validated.Request.Headers.Authorization.ToString()
        );
        if (header.Length > MaxHeaderLength)
        {
            return;
        }

        var configuration = issuer is null
            ? null
            : await issuer.GetBaseConfigurationAsync(validated.HttpContext.RequestAborted);
        if (
            validated.SecurityToken is not JsonWebToken token
            || (configuration is not null && !configuration.SigningKeys.Any(k => k.KeyId == token.Kid))
        )
        {
            // Signed with a key that the issuer has withdrawn already, and taken for a last time.
            return;
        }

        _tokens.Set(
            KeyOf(header),
            new CachedToken(validated.Principal!, token.ValidTo, issuer, configuration),
            new MemoryCacheEntryOptions
            {
                Size = (2 * header.Length) + BytesPerToken,
                AbsoluteExpiration = new DateTimeOffset(token.ValidTo),
            }
        );
    }

    /// <inheritdoc />
    public void Dispose() => _tokens.Dispose();

    // The same object until the issuer's keys have been read again, which this also keeps going.
    private static bool SigningKeysUnchanged(CachedToken known) =>
        known.Issuer is null
        || (
            known.Issuer.GetBaseConfigurationAsync(CancellationToken.None)
                is { IsCompletedSuccessfully: true, Result: var configuration }
            && ReferenceEquals(configuration, known.Configuration)
        );

    private static HeaderKey KeyOf(string header)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(MemoryMarshal.AsBytes(header.AsSpan()), hash);
        return new HeaderKey(
            BitConverter.ToUInt64(hash),
            BitConverter.ToUInt64(hash[8..]),
            BitConverter.ToUInt64(hash[16..]),
            BitConverter.ToUInt64(hash[24..])
        );
    }

    private readonly record struct HeaderKey(ulong A, ulong B, ulong C, ulong D);

    private sealed record CachedToken(
        ClaimsPrincipal Caller,
        DateTimeOffset Expires,
        BaseConfigurationManager? Issuer,
        BaseConfiguration? Configuration
    );
}
