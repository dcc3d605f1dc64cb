using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Dashboard.Parts;
using IndustryData.Dashboard.Shell;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.Dashboard.SingleRun;

/// <summary>The page <c>/ui/runs/{id}</c>: one run.</summary>
internal static class SingleRunEndpoint
{
    /// <summary>The name in the URL of the activity after which the shown activities begin.</summary>
    public const string After = "after";

    private static readonly Error _notFound = new(
        ErrorKind.NotFound,
        "runNotFound",
        "There is no run with this id. It may have been deleted, or it belongs to another tenant."
    );

    public static async Task HandleAsync(HttpContext http)
    {
        var context = PageContext.Of(http, isSignedIn: true);
        var model = Guid.TryParseExact(http.Request.RouteValues["id"] as string, "D", out var id)
            ? await ReadAsync(http, context.Caller!.TenantId, RunId.FromGuid(id))
            : _notFound;
        await (
            model.TryGetValue(out var run, out var error)
                ? http.RenderAsync<SingleRunPage>(context, run)
                : Pages.RenderErrorAsync(
                    http,
                    StatusCodes.Status404NotFound,
                    error.Kind == ErrorKind.NotFound ? _notFound : error
                )
        );
    }

    private static async Task<Result<SingleRunModel>> ReadAsync(HttpContext http, TenantId tenant, RunId id)
    {
        var sender = http.RequestServices.GetRequiredService<ISender>();
        var found = await sender.Send(new GetRunQuery(tenant, id), http.RequestAborted);
        if (!found.TryGetValue(out var run, out var error))
        {
            return error;
        }

        var (activities, hasMore) = (new List<ActivityResponse>(), false);
        ActivityId? after = Guid.TryParseExact(http.Request.Query[After], "D", out var last)
            ? ActivityId.FromGuid(last)
            : null;
        var list = new ListActivitiesQuery(tenant, id, RunPage.DefaultSize, after);
        await using var items = sender.CreateStream(list, http.RequestAborted).GetAsyncEnumerator(http.RequestAborted);
        if ((await items.ReadHeadAsync()).TryGetValue(out _, out error))
        {
            while (await items.MoveNextAsync())
            {
                activities.Add(items.Current.Row);
                hasMore = items.Current.HasNext;
            }

            var reader = PageReader.Of(http, tenant);
            var neighbors = await reader.NeighborsAsync(id);
            var family = RunFamily.Of(run.DisplayName);
            return new SingleRunModel(
                run,
                StatisticsReader.ReadTotals(run.Statistics),
                StatisticsReader.ReadRoles(run.Statistics),
                activities,
                after,
                hasMore,
                neighbors,
                (await reader.FamiliesAsync([family])).GetValueOrDefault(family)
            );
        }

        return error;
    }
}
