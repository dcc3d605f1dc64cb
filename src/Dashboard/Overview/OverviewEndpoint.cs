using IndustryData.Application.Runs;
using IndustryData.Dashboard.Charts;
using IndustryData.Dashboard.Parts;
using IndustryData.Dashboard.Runs;
using IndustryData.Dashboard.Shell;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.Dashboard.Overview;

/// <summary>The page <c>/ui</c>: what runs now, and what failed in the selected span.</summary>
internal static class OverviewEndpoint
{
    private const int NewestRuns = 10;
    private const int MaxRunning = 20;

    public static async Task HandleAsync(HttpContext http)
    {
        var context = PageContext.Of(http, isSignedIn: true);
        var reader = new PageReader(http, context.Caller!.TenantId);
        var key = http.Request.Query["range"].ToString();
        var range = OverviewRange.All.FirstOrDefault(r => r.Key == key) ?? OverviewRange.All[0];
        var spans = range.At(context.Now, TimeZones.Of(context.Zone));
        var span = new StartSpan(spans[0].Span.From, spans[^1].Span.To);
        var before = new StartSpan(span.From - (span.To - span.From), span.From);
        var since = Since(span);
        var running = RunFilterText.All.Toggle("running");
        var overdue = running with { Others = [$"endDateTime lt {RunTime.Format(context.Now)}"] };
        var buckets = await reader.CountByDaysAsync(RunFilterText.All, spans);
        long? CountOf(string status) => buckets?.Sum(b => b.Counts.GetValueOrDefault(status));
        var model = new OverviewModel(
            range,
            span,
            [
                new OverviewTile("Running now", "running", await reader.CountAsync(running), running.ToString()),
                new OverviewTile("Failed", "failed", CountOf("failed"), since.Toggle("failed").ToString()),
                new OverviewTile(
                    "With errors",
                    "completedWithErrors",
                    CountOf("completedWithErrors"),
                    since.Toggle("completedWithErrors").ToString()
                ),
                new OverviewTile("Overdue", "overdue", await reader.CountAsync(overdue), overdue.ToString()),
            ],
            buckets,
            await reader.FailuresAsync(RunFilterText.All, span),
            await reader.ListAsync(running, "startDateTime asc", MaxRunning),
            await reader.LateAsync(),
            await reader.SumAsync(Since(span)),
            await reader.SumAsync(Since(before)),
            await reader.ListAsync(RunFilterText.All, null, NewestRuns)
        );
        await http.RenderAsync<OverviewPage>(context, model);
    }

    private static RunFilterText Since(StartSpan span) => RunFilterText.All with { From = span.From, To = span.To };
}
