using IndustryData.Application.Runs;
using IndustryData.Dashboard.Parts;
using IndustryData.Dashboard.Runs;
using IndustryData.Dashboard.Shell;
using IndustryData.Domain.Runs;
using Mediator;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.Dashboard.Overview;

/// <summary>The page <c>/ui</c>: what runs now, and what failed in the selected span.</summary>
internal static class OverviewEndpoint
{
    private const int NewestRuns = 10;

    public static async Task HandleAsync(HttpContext http)
    {
        var context = PageContext.Of(http, isSignedIn: true);
        var key = http.Request.Query["range"].ToString();
        var range = OverviewRange.All.FirstOrDefault(r => r.Key == key) ?? OverviewRange.All[0];
        var tenant = context.Caller!.TenantId;
        var from = context.Now - range.Length;
        var since = RunFilterText.All with { From = from.AddTicks(-(from.Ticks % TimeSpan.TicksPerMinute)) };
        var model = new OverviewModel(
            range,
            [
                await CountAsync(http, tenant, "Running now", "running", RunFilterText.All.Toggle("running")),
                await CountAsync(http, tenant, "Failed", "failed", since.Toggle("failed")),
                await CountAsync(
                    http,
                    tenant,
                    "With errors",
                    "completedWithErrors",
                    since.Toggle("completedWithErrors")
                ),
                await CountAsync(
                    http,
                    tenant,
                    "Overdue",
                    "overdue",
                    RunFilterText.All.Toggle("running") with
                    {
                        Others = [$"endDateTime lt {RunTime.Format(context.Now)}"],
                    }
                ),
            ],
            await ListAsync(http, tenant, since.Toggle("failed")),
            await ListAsync(http, tenant, RunFilterText.All)
        );
        await http.RenderAsync<OverviewPage>(context, model);
    }

    private static async Task<OverviewTile> CountAsync(
        HttpContext http,
        TenantId tenant,
        string name,
        string status,
        RunFilterText filter
    )
    {
        var count = await http
            .RequestServices.GetRequiredService<ISender>()
            .Send(new CountRunsQuery(tenant, Parse(http, tenant, filter).Criteria), http.RequestAborted);
        return new OverviewTile(
            name,
            status,
            count.TryGetValue(out var value, out _) ? value.Value : null,
            filter.ToString()
        );
    }

    private static async Task<IReadOnlyList<RunListItem>> ListAsync(
        HttpContext http,
        TenantId tenant,
        RunFilterText filter
    )
    {
        var query = Parse(http, tenant, filter);
        var list = http
            .RequestServices.GetRequiredService<ISender>()
            .CreateStream(new ListRunsQuery(tenant, query.Criteria, query.Order, NewestRuns), http.RequestAborted);
        var read = await RunRows.ReadAsync(list, http.RequestAborted);
        return read.TryGetValue(out var rows, out _) ? rows.Runs : [];
    }

    private static ParsedRunQuery Parse(HttpContext http, TenantId tenant, RunFilterText filter) =>
        http
            .RequestServices.GetRequiredService<IDashboardHost>()
            .Parse(tenant, new RunQueryText(filter.IsEmpty ? null : filter.ToString(), null, null))
            .Value;
}
