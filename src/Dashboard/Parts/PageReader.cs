using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Dashboard.Charts;
using IndustryData.Dashboard.Runs;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.Dashboard.Parts;

/// <summary>
/// Reads the parts of a page. A part that cannot be read in time is null, and the page shows the others.
/// </summary>
/// <param name="http">The request of the page.</param>
/// <param name="tenant">The tenant of the caller.</param>
internal sealed class PageReader(HttpContext http, TenantId tenant)
{
    private readonly ISender _sender = http.RequestServices.GetRequiredService<ISender>();
    private readonly IDatabaseHealth _health = http.RequestServices.GetRequiredService<IDatabaseHealth>();
    private readonly IDashboardHost _host = http.RequestServices.GetRequiredService<IDashboardHost>();

    /// <summary>Counts runs by start time and status.</summary>
    public async Task<IReadOnlyList<RunCountOfTime>?> CountByTimeAsync(
        RunFilterText filter,
        StartSpan span,
        TimeSpan bucket
    ) => (await ReadAsync(new CountRunsByTimeQuery(tenant, Parse(filter, null).Criteria, span, bucket)))?.Counts;

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
            if (await ReadAsync(query) is not { } measured)
            {
                return null;
            }

            measures.AddRange(measured.Measures);
        }

        return measures;
    }

    /// <summary>Counts the failures of a span by error code.</summary>
    public async Task<IReadOnlyList<FailuresOfCode>?> FailuresAsync(RunFilterText filter, StartSpan span) =>
        (
            await ReadAsync(new CountFailuresByCodeQuery(tenant, span) { Criteria = Parse(filter, null).Criteria })
        )?.Codes;

    /// <summary>Counts the runs that a filter selects.</summary>
    public async Task<long?> CountAsync(RunFilterText filter) =>
        (await ReadAsync(new CountRunsQuery(tenant, Parse(filter, null).Criteria)))?.Value;

    /// <summary>Sums the inbound totals of the runs that a filter selects.</summary>
    public async Task<InboundTotals?> SumAsync(RunFilterText filter) =>
        (await ReadAsync(new SumRunStatisticsQuery(tenant, Parse(filter, null).Criteria)))?.Totals;

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
        return (await UntilTimeoutAsync(() => RunRows.ReadAsync(list, http.RequestAborted)))?.Runs;
    }

    /// <summary>Lists the runs that were open in a span.</summary>
    public Task<OpenRuns?> ListOpenAsync(StartSpan span) => ReadAsync(new ListOpenRunsQuery(tenant, span));

    /// <summary>Lists the families that have probably missed a run.</summary>
    public Task<LateFamilies?> LateAsync() => ReadAsync(new ListLateFamiliesQuery(tenant));

    /// <summary>Reads the usual values of families.</summary>
    public async Task<IReadOnlyDictionary<string, RunFamilyStatistics>> FamiliesAsync(
        IReadOnlyCollection<string> families
    ) =>
        (await ReadAsync(new GetFamilyStatisticsQuery(tenant, families)))?.ByFamily
        ?? new Dictionary<string, RunFamilyStatistics>();

    /// <summary>Reads the neighbors of a run in its family.</summary>
    public Task<RunNeighbors?> NeighborsAsync(RunId id) => ReadAsync(new GetRunNeighborsQuery(tenant, id));

    private Task<T?> ReadAsync<T>(IQuery<Result<T>> query)
        where T : class => UntilTimeoutAsync(async () => await _sender.Send(query, http.RequestAborted));

    private async Task<T?> UntilTimeoutAsync<T>(Func<Task<Result<T>>> read)
        where T : class
    {
        try
        {
            return (await read()).TryGetValue(out var value, out _) ? value : null;
        }
        catch (LimitExceededException)
        {
            // The tenant has too many slow reads at the moment.
            return null;
        }
        catch (Exception exception) when (_health.Classify(exception)?.Code == DatabaseOutage.QueryTimeoutCode)
        {
            return null;
        }
    }

    private ParsedRunQuery Parse(RunFilterText filter, string? order) =>
        _host.Parse(tenant, new RunQueryText(filter.IsEmpty ? null : filter.ToString(), order, null)).Value;
}
