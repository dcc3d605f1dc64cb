using System.Globalization;
using IndustryData.Dashboard;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.Security;
using Microsoft.AspNetCore.Http.Metadata;

namespace IndustryData.WebApi.Ui;

/// <summary>Maps the form of the page Settings that creates an access token.</summary>
internal static class TokenEndpoints
{
    public static void MapTokens(this IEndpointRouteBuilder routes) =>
        routes
            .MapPost("/ui/settings/token", CreateAsync)
            .RequireAuthorization(Permissions.Read.Policy)
            .WithMetadata(new SessionAction("createToken"), Permissions.Read)
            .WithMetadata(new ErrorPage(DashboardEndpoints.WriteErrorPageAsync))
            .WithMetadata([.. _statuses.Select(s => new ProducesResponseTypeMetadata(s))]);

    private static readonly int[] _statuses = [200, 400, 401, 403, 413, 429, 503];

    private static async Task CreateAsync(HttpContext http)
    {
        var services = http.RequestServices;
        var host = services.GetRequiredService<IDashboardHost>();
        if (host.TokensFor(http).Refusal is { } refusal)
        {
            await http.WriteForbiddenAsync("tokenRefused", refusal);
            return;
        }

        if (await SignInEndpoints.ReadFormAsync(http) is not { } form)
        {
            return;
        }

        var caller = host.CallerOf(http);
        var permissions = form["permission"].OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        if (permissions.Count == 0 || permissions.Except(caller.Permissions, StringComparer.Ordinal).Any())
        {
            await http.WriteBadRequestAsync(
                "invalidPermission",
                $"A token needs at least one of your permissions: {string.Join(", ", caller.Permissions)}."
            );
            return;
        }

        if (
            !int.TryParse(form["days"], NumberStyles.None, CultureInfo.InvariantCulture, out var days)
            || days is < 1 or > OwnTokens.MaxDays
        )
        {
            await http.WriteBadRequestAsync(
                "invalidDays",
                $"A token is valid for 1 to {OwnTokens.MaxDays} days: give a whole number."
            );
            return;
        }

        var token = services
            .GetRequiredService<OwnTokens>()
            .Create(caller.TenantId.Value, permissions, days, services.GetRequiredService<TimeProvider>());
        http.Features.Set(new CreatedTokenId(token.Id));
        await DashboardEndpoints.WriteTokenPageAsync(
            http,
            new CreatedToken(token.Id, token.Text, permissions, token.Expires)
        );
    }
}
