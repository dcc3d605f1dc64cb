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
        var reader = new Reader(http, context.Caller!.TenantId);
        var key = http.Request.Query["range"].ToString();
        var range = OverviewRange.All.FirstOrDefault(r => r.Key == key) ?? OverviewRange.All[0];
        var span = range.At(context.Now, TimeZones.Of(context.Zone));
        var before = new StartSpan(span.From - (span.To - span.From), span.From);
        var since = Since(span);
        var running = RunFilterText.All.Toggle("running");
        var overdue = running with { Others = [$"endDateTime lt {RunTime.Format(context.Now)}"] };
        var counts = await reader.CountByTimeAsync(span, range.Bucket);
        long? CountOf(string status) => counts?.Where(c => c.Status == status).Sum(c => c.Count);
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
            counts is null ? null : Bucket.Fill(counts, span, range.Bucket),
            await reader.FailuresAsync(span),
            await reader.ListAsync(running, "startDateTime asc", MaxRunning),
            await reader.SumAsync(Since(span)),
            await reader.SumAsync(Since(before)),
            await reader.ListAsync(RunFilterText.All, null, NewestRuns)
        );
        await http.RenderAsync<OverviewPage>(context, model);
    }

    private static RunFilterText Since(StartSpan span) => RunFilterText.All with { From = span.From, To = span.To };

    /// <summary>Reads the parts of the page. A part that cannot be read is null.</summary>
    private sealed class Reader(HttpContext http, TenantId tenant)
    {
        private readonly ISender _sender = http.RequestServices.GetRequiredService<ISender>();
        private readonly IDashboardHost _host = http.RequestServices.GetRequiredService<IDashboardHost>();

        public async Task<IReadOnlyList<RunCountOfTime>?> CountByTimeAsync(StartSpan span, TimeSpan bucket) =>
            ValueOf(await SendAsync(new CountRunsByTimeQuery(tenant, RunCriteria.All, span, bucket)))?.Counts;

        public async Task<IReadOnlyList<FailuresOfCode>?> FailuresAsync(StartSpan span) =>
            ValueOf(await SendAsync(new CountFailuresByCodeQuery(tenant, span)))?.Codes;

        public async Task<long?> CountAsync(RunFilterText filter) =>
            ValueOf(await SendAsync(new CountRunsQuery(tenant, Parse(filter, null).Criteria)))?.Value;

        public async Task<InboundTotals?> SumAsync(RunFilterText filter) =>
            ValueOf(await SendAsync(new SumRunStatisticsQuery(tenant, Parse(filter, null).Criteria)))?.Totals;

        public async Task<IReadOnlyList<RunListItem>?> ListAsync(RunFilterText filter, string? order, int size)
        {
            var query = Parse(filter, order);
            var list = _sender.CreateStream(
                new ListRunsQuery(tenant, query.Criteria, query.Order, size),
                http.RequestAborted
            );
            return ValueOf(await RunRows.ReadAsync(list, http.RequestAborted))?.Runs;
        }

        private ValueTask<Result<T>> SendAsync<T>(IQuery<Result<T>> query)
            where T : notnull => _sender.Send(query, http.RequestAborted);

        private static T? ValueOf<T>(Result<T> result)
            where T : class => result.TryGetValue(out var value, out _) ? value : null;

        private ParsedRunQuery Parse(RunFilterText filter, string? order) =>
            _host.Parse(tenant, new RunQueryText(filter.IsEmpty ? null : filter.ToString(), order, null)).Value;
    }
}
