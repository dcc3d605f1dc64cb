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
        var reader = PageReader.Of(http, context.Caller!.TenantId);
        var key = http.Request.Query["range"].ToString();
        var range = OverviewRange.All.FirstOrDefault(r => r.Key == key) ?? OverviewRange.All[0];
        var spans = range.At(context.Now, TimeZones.Of(context.Zone));
        var span = new StartSpan(spans[0].Span.From, spans[^1].Span.To);
        var before = new StartSpan(span.From - (span.To - span.From), span.From);
        var since = Since(span);
        var running = RunFilterText.All.Toggle("running");
        var overdue = running with { Others = [$"endDateTime lt {RunTime.Format(context.Now)}"] };

        // All parts are read at once; the reader gives them their turns.
        var counted = reader.CountByDaysAsync(RunFilterText.All, spans);
        var failures = reader.FailuresAsync(RunFilterText.All, span);
        var totals = (Now: reader.SumAsync(since), Before: reader.SumAsync(Since(before)));
        var counts = (Running: reader.CountAsync(running), Overdue: reader.CountAsync(overdue));
        var lists = (
            Running: reader.ListAsync(running, "startDateTime asc", MaxRunning),
            Newest: reader.ListAsync(RunFilterText.All, null, NewestRuns)
        );
        var late = reader.LateAsync();
        var buckets = await counted;
        long? CountOf(string status) => buckets?.Sum(b => b.Counts.GetValueOrDefault(status));
        var model = new OverviewModel(
            range,
            span,
            [
                new OverviewTile("Running now", "running", await counts.Running, running.ToString()),
                new OverviewTile("Failed", "failed", CountOf("failed"), since.Toggle("failed").ToString()),
                new OverviewTile(
                    "With errors",
                    "completedWithErrors",
                    CountOf("completedWithErrors"),
                    since.Toggle("completedWithErrors").ToString()
                ),
                new OverviewTile("Overdue", "overdue", await counts.Overdue, overdue.ToString()),
            ],
            buckets,
            await failures,
            await lists.Running,
            await late,
            await totals.Now,
            await totals.Before,
            await lists.Newest
        );
        await http.RenderAsync<OverviewPage>(context, model);
    }

    private static RunFilterText Since(StartSpan span) => RunFilterText.All with { From = span.From, To = span.To };
}
