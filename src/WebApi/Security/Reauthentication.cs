using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.Features;

namespace IndustryData.WebApi.Security;

/// <summary>Authenticates the caller of a request again while the request lasts.</summary>
internal static class Reauthentication
{
    /// <summary>
    /// Checks that the credentials of a request are still accepted for its endpoint. They may have expired or may have
    /// been revoked.
    /// </summary>
    /// <returns>Returns false if a new request with them would be refused.</returns>
    public static async Task<bool> IsStillAllowedAsync(HttpContext http)
    {
        if (http.RequestServices.GetRequiredService<ValidatedTokenCache>().TryAuthenticate(http))
        {
            return true;
        }

        // The handlers of a request authenticate once. This request has the same message and handlers of its own.
        await using var scope = http.RequestServices.CreateAsyncScope();
        var again = new DefaultHttpContext { RequestServices = scope.ServiceProvider };
        again.Features.Set(http.Features.GetRequiredFeature<IHttpRequestFeature>());
        again.Features.Set(http.Features.Get<IHttpConnectionFeature>());
        again.SetEndpoint(http.GetEndpoint());
        var first = http.Features.Get<IAuthenticateResultFeature>()?.AuthenticateResult?.Ticket;
        var result = await again.AuthenticateAsync(first?.AuthenticationScheme);
        return result is { Succeeded: true, Principal: { } caller }
            && Authentication.TenantOf(caller) == http.Tenant()
            && http.GetEndpoint()?.Metadata.GetMetadata<Permission>() is { } permission
            && Permissions.Grants(caller, permission);
    }
}
