using System.Buffers;
using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using IndustryData.Application.Common;
using IndustryData.Domain.Runs;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IndustryData.WebApi.Security;

/// <summary>
/// Caches validated tokens, so that a signature is validated once and not for every request. The key of an entry is a
/// hash of the complete header. An entry expires at the <c>exp</c> of its token, and when the keys of the issuer are
/// read again. Rejected tokens are not cached.
/// </summary>
internal sealed class ValidatedTokenCache : IDisposable
{
    /// <summary>
    /// The maximum size of all entries, in bytes, as estimated. Further tokens are validated for every request.
    /// </summary>
    public const long MaxBytes = 64L * 1024 * 1024;

    /// <summary>The maximum length of a header that is cached, in characters.</summary>
    public const int MaxHeaderLength = 8 * 1024;

    // The estimated size of an entry without its header: the claims of a caller, the cache entry and the hash.
    private const int BytesPerToken = 1024;

    private static readonly KeyValuePair<string, object?> _hit = new("result", "hit");
    private static readonly KeyValuePair<string, object?> _miss = new("result", "miss");

    private readonly Meter _meter = new(Telemetry.Name);
    private readonly Counter<long> _lookups;
    private readonly TimeProvider _clock;
    private readonly ITokenRevocations _revocations;
    private readonly MemoryCache _tokens = new(new MemoryCacheOptions { SizeLimit = MaxBytes });

    public ValidatedTokenCache(TimeProvider clock, ITokenRevocations revocations)
    {
        (_clock, _revocations) = (clock, revocations);
        _lookups = _meter.CreateCounter<long>(
            "industrydata.token_cache.lookups",
            "{lookup}",
            "Look-ups of tokens in the cache of validated tokens."
        );
    }

    /// <summary>
    /// Authenticates a request with the cache. The same header must have been valid before, it must still be valid, and
    /// its token must have the permission that the route requires.
    /// </summary>
    /// <returns>Returns false if the cache cannot decide. Authentication and authorization must then run.</returns>
    public bool TryAuthenticate(HttpContext http)
    {
        if (
            http.GetEndpoint()?.Metadata.GetMetadata<Permission>() is not { } permission
            || http.Request.Headers.Authorization is not [{ Length: <= MaxHeaderLength } header]
        )
        {
            return false;
        }

        var isKnown = TryAuthenticate(http, header, permission);
        _lookups.Add(1, isKnown ? _hit : _miss);
        return isKnown;
    }

    private bool TryAuthenticate(HttpContext http, string header, Permission permission)
    {
        if (
            KeyOf(header) is not { } key
            || !_tokens.TryGetValue(key, out CachedToken? known)
            || known!.Expires <= _clock.GetUtcNow()
            || !SigningKeysUnchanged(known)
            || !known.Granted.Contains(permission)
            || (known.Issuer is null && _revocations.IsRevoked(known.TenantId, known.Issued))
        )
        {
            return false;
        }

        http.User = known.Caller;
        return true;
    }

    /// <summary>Adds a token that has just been validated.</summary>
    public async Task AddAsync(TokenValidatedContext validated)
    {
        var (issuer, header) = (
            validated.Options.ConfigurationManager as BaseConfigurationManager,
            validated.Request.Headers.Authorization.ToString()
        );
        if (header.Length > MaxHeaderLength || KeyOf(header) is not { } key)
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
            // The issuer has already withdrawn the key of this token. The token is accepted for the last time.
            return;
        }

        _tokens.Set(
            key,
            new CachedToken(
                validated.Principal!,
                [.. Permissions.All.Where(p => Permissions.Grants(validated.Principal!, p))],
                Authentication.TenantOf(validated.Principal!),
                Authentication.IssueTimeOf(token),
                token.ValidTo,
                issuer,
                configuration
            ),
            new MemoryCacheEntryOptions
            {
                Size = (2 * header.Length) + BytesPerToken,
                AbsoluteExpiration = new DateTimeOffset(token.ValidTo),
            }
        );
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _meter.Dispose();
        _tokens.Dispose();
    }

    // The configuration is the same object until the keys of the issuer are read again. This call also keeps their
    // periodic refresh running.
    private static bool SigningKeysUnchanged(CachedToken known) =>
        known.Issuer is null
        || (
            known.Issuer.GetBaseConfigurationAsync(CancellationToken.None)
                is { IsCompletedSuccessfully: true, Result: var configuration }
            && ReferenceEquals(configuration, known.Configuration)
        );

    // A token consists of ASCII characters. Their bytes are half as long as the string, and so is the hash computation.
    private static HeaderKey? KeyOf(string header)
    {
        var bytes = ArrayPool<byte>.Shared.Rent(header.Length);
        try
        {
            if (Ascii.FromUtf16(header, bytes, out var length) != OperationStatus.Done)
            {
                return null;
            }

            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(bytes.AsSpan(0, length), hash);
            return new HeaderKey(
                BitConverter.ToUInt64(hash),
                BitConverter.ToUInt64(hash[8..]),
                BitConverter.ToUInt64(hash[16..]),
                BitConverter.ToUInt64(hash[24..])
            );
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes, clearArray: true);
        }
    }

    private readonly record struct HeaderKey(ulong A, ulong B, ulong C, ulong D);

    private sealed record CachedToken(
        ClaimsPrincipal Caller,
        ImmutableArray<Permission> Granted,
        TenantId TenantId,
        DateTimeOffset Issued,
        DateTimeOffset Expires,
        BaseConfigurationManager? Issuer,
        BaseConfiguration? Configuration
    );
}
