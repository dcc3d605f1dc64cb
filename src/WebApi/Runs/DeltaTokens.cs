using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Runs;

/// <summary>Writes the position of a reader of changes as a token, and reads such tokens.</summary>
internal static class DeltaTokens
{
    /// <summary>The token of a reader that begins now.</summary>
    public const string Latest = "latest";

    /// <summary>Writes a position as a token.</summary>
    public static ValueTask<string> WriteAsync(
        PageTokenProtector tokens,
        TenantId tenantId,
        string options,
        DeltaCursor place,
        CancellationToken cancellationToken
    ) => tokens.WriteAsync(tenantId, PageTokenProtector.Delta, options, Keys(place), cancellationToken);

    /// <summary>Reads a position from the token of a request.</summary>
    /// <param name="http">The request.</param>
    /// <param name="url">The URL of the delta query without query options.</param>
    /// <param name="options">The other query options, to which the token is bound.</param>
    /// <param name="token">The token.</param>
    /// <returns>
    /// The position; null if the token cannot be used. In this case, the error response has been written.
    /// </returns>
    public static async Task<DeltaCursor?> ReadAsync(HttpContext http, string url, string options, string token)
    {
        var opened = await http
            .RequestServices.GetRequiredService<PageTokenProtector>()
            .ReadAsync(http.Tenant(), PageTokenProtector.Delta, options, token, http.RequestAborted);
        var place = Place(opened.Place);
        if (opened.IsOutdated || (place is null && opened.Place is not null))
        {
            SetRestartLocation(http, url, options);
            await http.WriteErrorAsync(RunErrors.DeltaTokenOutdated());
            return null;
        }

        if (place is null)
        {
            await http.WriteBadRequestAsync(
                "invalidDeltaToken",
                "The token is not valid for these query options; "
                    + $"follow @odata.nextLink and @odata.deltaLink as they are, or start again at {url}."
            );
        }

        return place;
    }

    /// <summary>
    /// Sets the URL at which the caller can read all runs again (api-guidelines, change-tracking).
    /// </summary>
    public static void SetRestartLocation(HttpContext http, string url, string options) =>
        http.Response.Headers.Location = options.Length > 0 ? $"{url}?{options}" : url;

    private static object?[] Keys(DeltaCursor place) =>
        place.Scan is { } walk
            ?
            [
                place.Epoch,
                place.Since,
                place.From,
                place.LowWatermark,
                walk.ChangeNumber,
                walk.Id,
                walk.UpperBound,
                (short)(walk.IsInitialSync ? 1 : 0),
            ]
            : [place.Epoch, place.Since, place.From, place.LowWatermark];

    private static DeltaCursor? Place(IReadOnlyList<object?>? keys) =>
        keys switch
        {
            [Guid epoch, DateTimeOffset since, long from, long settled] => new DeltaCursor(
                epoch,
                since,
                from,
                settled,
                Scan: null
            ),
            [
                Guid epoch,
                DateTimeOffset since,
                long from,
                long settled,
                long number,
                Guid id,
                long until,
                short isFirst,
            ] => new DeltaCursor(epoch, since, from, settled, new DeltaScan(number, id, until, isFirst == 1)),
            _ => null,
        };
}
