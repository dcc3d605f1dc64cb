using IndustryData.Application.Runs;
using IndustryData.Dashboard.Charts;
using IndustryData.Dashboard.Runs;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.Dashboard.Parts;

/// <summary>Reads the parts of a page. A part that cannot be read is null, and the page shows the others.</summary>
/// <param name="http">The request of the page.</param>
/// <param name="tenant">The tenant of the caller.</param>
internal sealed class PageReader(HttpContext http, TenantId tenant)
{
    private readonly ISender _sender = http.RequestServices.GetRequiredService<ISender>();
    private readonly IDashboardHost _host = http.RequestServices.GetRequiredService<IDashboardHost>();

    /// <summary>Counts runs by start time and status.</summary>
    public async Task<IReadOnlyList<RunCountOfTime>?> CountByTimeAsync(
        RunFilterText filter,
        StartSpan span,
        TimeSpan bucket
    ) => ValueOf(await SendAsync(new CountRunsByTimeQuery(tenant, Parse(filter, null).Criteria, span, bucket)))?.Counts;

    /// <summary>Counts runs by day or week and status.</summary>
    public async Task<IReadOnlyList<Bucket>?> CountByDaysAsync(RunFilterText filter, IReadOnlyList<DaySpan> spans)
    {
        var buckets = new List<Bucket>();
        foreach (var (span, bucket) in spans)
        {
            if (await CountByTimeAsync(filter, span, bucket) is not { } counts)
            {
                return null;
            }

            buckets.AddRange(Bucket.Fill(counts, span, bucket));
        }

        return buckets;
    }

    /// <summary>Reads the durations and totals of ended runs by day or week.</summary>
    public async Task<IReadOnlyList<RunMeasuresOfTime>?> MeasureByDaysAsync(
        RunFilterText filter,
        IReadOnlyList<DaySpan> spans
    )
    {
        var measures = new List<RunMeasuresOfTime>();
        foreach (var (span, bucket) in spans)
        {
            var query = new MeasureRunsByTimeQuery(tenant, Parse(filter, null).Criteria, span, bucket);
            if (ValueOf(await SendAsync(query)) is not { } measured)
            {
                return null;
            }

            measures.AddRange(measured.Measures);
        }

        return measures;
    }

    /// <summary>Counts the failures of a span by error code.</summary>
    public async Task<IReadOnlyList<FailuresOfCode>?> FailuresAsync(RunFilterText filter, StartSpan span) =>
        ValueOf(
            await SendAsync(new CountFailuresByCodeQuery(tenant, span) { Criteria = Parse(filter, null).Criteria })
        )?.Codes;

    /// <summary>Counts the runs that a filter selects.</summary>
    public async Task<long?> CountAsync(RunFilterText filter) =>
        ValueOf(await SendAsync(new CountRunsQuery(tenant, Parse(filter, null).Criteria)))?.Value;

    /// <summary>Sums the inbound totals of the runs that a filter selects.</summary>
    public async Task<InboundTotals?> SumAsync(RunFilterText filter) =>
        ValueOf(await SendAsync(new SumRunStatisticsQuery(tenant, Parse(filter, null).Criteria)))?.Totals;

    /// <summary>Lists runs.</summary>
    /// <param name="filter">The filter.</param>
    /// <param name="order">The text of <c>$orderby</c>; null for the newest first.</param>
    /// <param name="size">The maximum number of runs.</param>
    public async Task<IReadOnlyList<RunListItem>?> ListAsync(RunFilterText filter, string? order, int size)
    {
        var query = Parse(filter, order);
        var list = _sender.CreateStream(
            new ListRunsQuery(tenant, query.Criteria, query.Order, size),
            http.RequestAborted
        );
        return ValueOf(await RunRows.ReadAsync(list, http.RequestAborted))?.Runs;
    }

    /// <summary>Lists the runs that were open in a span.</summary>
    public async Task<OpenRuns?> ListOpenAsync(StartSpan span) =>
        ValueOf(await SendAsync(new ListOpenRunsQuery(tenant, span)));

    /// <summary>Lists the families that have probably missed a run.</summary>
    public async Task<LateFamilies?> LateAsync() => ValueOf(await SendAsync(new ListLateFamiliesQuery(tenant)));

    /// <summary>Reads the usual values of families.</summary>
    public async Task<IReadOnlyDictionary<string, RunFamilyStatistics>> FamiliesAsync(
        IReadOnlyCollection<string> families
    ) =>
        ValueOf(await SendAsync(new GetFamilyStatisticsQuery(tenant, families)))?.ByFamily
        ?? new Dictionary<string, RunFamilyStatistics>();

    /// <summary>Reads the neighbours of a run in its family.</summary>
    public async Task<RunNeighbours?> NeighboursAsync(RunId id) =>
        ValueOf(await SendAsync(new GetRunNeighboursQuery(tenant, id)));

    private ValueTask<Result<T>> SendAsync<T>(IQuery<Result<T>> query)
        where T : notnull => _sender.Send(query, http.RequestAborted);

    private static T? ValueOf<T>(Result<T> result)
        where T : class => result.TryGetValue(out var value, out _) ? value : null;

    private ParsedRunQuery Parse(RunFilterText filter, string? order) =>
        _host.Parse(tenant, new RunQueryText(filter.IsEmpty ? null : filter.ToString(), order, null)).Value;
}
