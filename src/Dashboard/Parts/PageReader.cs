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
/// Reads the parts of a page. A part that cannot be read in time is null, and the page shows the others. The parts
/// share the time limit of one query, and up to three of them are read at the same time.
/// </summary>
internal sealed class PageReader : IDisposable
{
    // Fewer than the slow reads that a tenant may have at once, so that a page leaves one to others.
    private const int MaxConcurrent = 3;

    private readonly SemaphoreSlim _turns = new(MaxConcurrent);
    private readonly CancellationTokenSource _time;
    private readonly CancellationToken _stop;
    private readonly TenantId _tenant;
    private readonly ISender _sender;
    private readonly IDatabaseHealth _health;
    private readonly IDashboardHost _host;

    private PageReader(HttpContext http, TenantId tenant)
    {
        _tenant = tenant;
        _sender = http.RequestServices.GetRequiredService<ISender>();
        _health = http.RequestServices.GetRequiredService<IDatabaseHealth>();
        _host = http.RequestServices.GetRequiredService<IDashboardHost>();
        _time = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        _time.CancelAfter(http.RequestServices.GetRequiredService<ReadTimeoutOptions>().Timeout);
        _stop = _time.Token;
    }

    /// <summary>Returns the reader of a request. Its time begins with the first call.</summary>
    /// <param name="http">The request of the page.</param>
    /// <param name="tenant">The tenant of the caller.</param>
    public static PageReader Of(HttpContext http, TenantId tenant)
    {
        if (http.Items[typeof(PageReader)] is not PageReader reader)
        {
            http.Items[typeof(PageReader)] = reader = new PageReader(http, tenant);
            http.Response.RegisterForDispose(reader);
        }

        return reader;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _time.Dispose();
        _turns.Dispose();
    }

    /// <summary>Counts runs by start time and status.</summary>
    public async Task<IReadOnlyList<RunCountOfTime>?> CountByTimeAsync(
        RunFilterText filter,
        StartSpan span,
        TimeSpan bucket
    ) => (await ReadAsync(new CountRunsByTimeQuery(_tenant, Parse(filter, null).Criteria, span, bucket)))?.Counts;

    /// <summary>Counts runs by day or week and status.</summary>
    public async Task<IReadOnlyList<Bucket>?> CountByDaysAsync(RunFilterText filter, IReadOnlyList<DaySpan> spans)
    {
        var parts = await Task.WhenAll(spans.Select(s => CountByTimeAsync(filter, s.Span, s.Bucket)));
        return parts.Contains(null)
            ? null
            : [.. spans.Zip(parts, (s, counts) => Bucket.Fill(counts!, s.Span, s.Bucket)).SelectMany(b => b)];
    }

    /// <summary>Reads the durations and totals of ended runs by day or week.</summary>
    public async Task<IReadOnlyList<RunMeasuresOfTime>?> MeasureByDaysAsync(
        RunFilterText filter,
        IReadOnlyList<DaySpan> spans
    )
    {
        var criteria = Parse(filter, null).Criteria;
        var parts = await Task.WhenAll(
            spans.Select(s => ReadAsync(new MeasureRunsByTimeQuery(_tenant, criteria, s.Span, s.Bucket)))
        );
        return parts.Contains(null) ? null : [.. parts.SelectMany(p => p!.Measures)];
    }

    /// <summary>Counts the failures of the most frequent error codes by day or week.</summary>
    public async Task<FailuresByTime?> FailuresByDaysAsync(RunFilterText filter, IReadOnlyList<DaySpan> spans)
    {
        var criteria = Parse(filter, null).Criteria;
        var parts = await Task.WhenAll(
            spans.Select(s => ReadAsync(new CountFailuresByTimeQuery(_tenant, criteria, s.Span, s.Bucket)))
        );
        return parts.Contains(null)
            ? null
            : new FailuresByTime([.. parts.SelectMany(p => p!.Counts)], parts.Any(p => p!.IsCut));
    }

    /// <summary>Counts the failures of a span by error code.</summary>
    public Task<FailuresByCode?> FailuresAsync(RunFilterText filter, StartSpan span) =>
        ReadAsync(new CountFailuresByCodeQuery(_tenant, span) { Criteria = Parse(filter, null).Criteria });

    /// <summary>Counts the runs that a filter selects.</summary>
    public async Task<long?> CountAsync(RunFilterText filter) =>
        (await ReadAsync(new CountRunsQuery(_tenant, Parse(filter, null).Criteria)))?.Value;

    /// <summary>Sums the inbound totals of the runs that a filter selects.</summary>
    public async Task<InboundTotals?> SumAsync(RunFilterText filter) =>
        (await ReadAsync(new SumRunStatisticsQuery(_tenant, Parse(filter, null).Criteria)))?.Totals;

    /// <summary>Lists runs.</summary>
    /// <param name="filter">The filter.</param>
    /// <param name="order">The text of <c>$orderby</c>; null for the newest first.</param>
    /// <param name="size">The maximum number of runs.</param>
    public async Task<IReadOnlyList<RunListItem>?> ListAsync(RunFilterText filter, string? order, int size)
    {
        var query = Parse(filter, order);
        var list = _sender.CreateStream(new ListRunsQuery(_tenant, query.Criteria, query.Order, size), _stop);
        return (await UntilTimeoutAsync(() => RunRows.ReadAsync(list, _stop)))?.Runs;
    }

    /// <summary>Lists the runs that were open in a span.</summary>
    public Task<OpenRuns?> ListOpenAsync(StartSpan span) => ReadAsync(new ListOpenRunsQuery(_tenant, span));

    /// <summary>Lists the families that have probably missed a run.</summary>
    public Task<LateFamilies?> LateAsync() => ReadAsync(new ListLateFamiliesQuery(_tenant));

    /// <summary>Reads the usual values of families.</summary>
    public async Task<IReadOnlyDictionary<string, RunFamilyStatistics>> FamiliesAsync(
        IReadOnlyCollection<string> families
    ) =>
        (await ReadAsync(new GetFamilyStatisticsQuery(_tenant, families)))?.ByFamily
        ?? new Dictionary<string, RunFamilyStatistics>();

    /// <summary>Reads the neighbors of a run in its family.</summary>
    public Task<RunNeighbors?> NeighborsAsync(RunId id) => ReadAsync(new GetRunNeighborsQuery(_tenant, id));

    private Task<T?> ReadAsync<T>(IQuery<Result<T>> query)
        where T : class => UntilTimeoutAsync(async () => await _sender.Send(query, _stop));

    private async Task<T?> UntilTimeoutAsync<T>(Func<Task<Result<T>>> read)
        where T : class
    {
        try
        {
            await _turns.WaitAsync(_stop);
        }
        catch (OperationCanceledException)
        {
            return null;
        }

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
        finally
        {
            _turns.Release();
        }
    }

    private ParsedRunQuery Parse(RunFilterText filter, string? order) =>
        _host.Parse(_tenant, new RunQueryText(filter.IsEmpty ? null : filter.ToString(), order, null)).Value;
}
