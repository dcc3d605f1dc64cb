using System.Globalization;
using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Dashboard.Parts;
using IndustryData.Dashboard.Shell;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.Dashboard.Runs;

/// <summary>The page <c>/ui/runs</c>: a filtered and ordered list of runs.</summary>
internal static class RunsEndpoint
{
    private const int MaxFamilies = GetFamilyStatisticsQuery.MaxFamilies;

    public static async Task HandleAsync(HttpContext http)
    {
        var context = PageContext.Of(http, isSignedIn: true);
        if (Find(http.Request.Query["find"].ToString()) is { } found)
        {
            http.Response.Redirect(context.Url(found));
            return;
        }

        var state = ReadState(http.Request.Query);
        if (HasControls(http.Request.Query))
        {
            var changed = state.With(ReadControls(http.Request.Query, state));
            http.Response.Redirect(context.Url($"/runs{changed.ToQueryString()}"));
            return;
        }

        var tenant = context.Caller!.TenantId;
        if (
            Instant(http.Request.Query, "at") is { } time
            && await GoToAsync(http, tenant, state with { Token = null }, time) is { } place
        )
        {
            http.Response.Redirect(context.Url($"/runs{place.ToQueryString()}"));
            return;
        }

        var model = await ReadInTimeAsync(http, context, state);
        var status =
            model.IsTooBroad ? StatusCodes.Status503ServiceUnavailable
            : model.Error is null ? StatusCodes.Status200OK
            : StatusCodes.Status400BadRequest;
        await http.RenderAsync<RunsPage>(context, model, status);
    }

    /// <summary>
    /// Returns the state whose page begins at a time: with the newest run before it, or with the first one after it if
    /// the oldest runs come first. Null if the list is not in the order of start times.
    /// </summary>
    private static async Task<RunsState?> GoToAsync(
        HttpContext http,
        TenantId tenant,
        RunsState state,
        DateTimeOffset time
    )
    {
        var host = http.RequestServices.GetRequiredService<IDashboardHost>();
        if (
            !host.Parse(tenant, state.Query).TryGetValue(out var query, out _)
            || query.Order
                is not [{ Field: RunField.StartDateTime, IsDescending: var isDescending }, { Field: RunField.Id }]
        )
        {
            return null;
        }

        // A page begins after its position, so the id is beyond those of all runs of this time.
        var place = new KeysetCursor([time.ToUniversalTime(), isDescending ? Guid.AllBitsSet : Guid.Empty]);
        return state with { Token = await host.WritePageTokenAsync(tenant, state.Query, place, http.RequestAborted) };
    }

    private static async Task<RunsModel> ReadInTimeAsync(HttpContext http, PageContext context, RunsState state)
    {
        try
        {
            return await ReadAsync(http, context, state);
        }
        catch (Exception exception)
            when (http.RequestServices.GetRequiredService<IDatabaseHealth>().Classify(exception)?.Code
                == DatabaseOutage.QueryTimeoutCode
            )
        {
            return Empty(state) with { IsTooBroad = true };
        }
    }

    private static RunsModel Empty(RunsState state) =>
        new(
            state,
            RunFilterText.Parse(state.Query.Filter),
            Rows: [],
            OlderToken: null,
            Counts: null,
            Total: null,
            Error: null,
            HasRuns: true,
            Usual: new Dictionary<string, RunFamilyStatistics>()
        );

    private static async Task<RunsModel> ReadAsync(HttpContext http, PageContext context, RunsState state)
    {
        var tenant = context.Caller!.TenantId;
        var filter = RunFilterText.Parse(state.Query.Filter);
        RunsModel Failed(Error error) => Empty(state) with { Error = error };

        var host = http.RequestServices.GetRequiredService<IDashboardHost>();
        if (!host.Parse(tenant, state.Query).TryGetValue(out var query, out var error))
        {
            return Failed(error);
        }

        KeysetCursor? after = null;
        if (state.Token is not null)
        {
            after = await host.ReadPageTokenAsync(tenant, state.Query, state.Token, http.RequestAborted);
            if (after?.Matches(query.Order) != true)
            {
                return Failed(
                    new Error(
                        ErrorKind.Validation,
                        "invalidSkipToken",
                        "The link to this page belongs to another filter or order; start at the first page."
                    )
                );
            }
        }

        var sender = http.RequestServices.GetRequiredService<ISender>();
        var list = new ListRunsQuery(tenant, query.Criteria, query.Order, state.PageSize, After: after)
        {
            WithStatistics = true,
            WithCount = state.WithTotal,
        };
        var read = await RunRows.ReadAsync(sender.CreateStream(list, http.RequestAborted), http.RequestAborted);
        if (!read.TryGetValue(out var rows, out error))
        {
            return Failed(error);
        }

        var older = rows.HasNext
            ? await host.WritePageTokenAsync(
                tenant,
                state.Query,
                KeysetCursor.FromRun(rows.Runs[^1], query.Order),
                http.RequestAborted
            )
            : null;
        var counts = await CountAsync(http, tenant, filter, state.Query.Search);
        var hasRuns = rows.Runs.Count > 0 || !filter.IsEmpty || state.Query.Search is not null;
        return new RunsModel(
            state,
            filter,
            rows.Runs,
            older,
            counts,
            rows.Count,
            Error: null,
            hasRuns,
            await UsualAsync(http, context, rows.Runs)
        );
    }

    private static async Task<IReadOnlyDictionary<string, RunFamilyStatistics>> UsualAsync(
        HttpContext http,
        PageContext context,
        IReadOnlyList<RunListItem> runs
    )
    {
        var families = context.HiddenColumns.Contains(RunColumn.Duration)
            ? []
            : runs.Select(r => RunFamily.Of(r.DisplayName)).Distinct(StringComparer.Ordinal).Take(MaxFamilies).ToList();
        return families.Count == 0
            ? new Dictionary<string, RunFamilyStatistics>()
            : await PageReader.Of(http, context.Caller!.TenantId).FamiliesAsync(families);
    }

    // The counters of PostgreSQL answer counts by status without reading runs. Other filters would read all of them.
    private static async Task<Dictionary<string, long>?> CountAsync(
        HttpContext http,
        TenantId tenant,
        RunFilterText filter,
        string? search
    )
    {
        if (search is not null || !(filter with { Statuses = [] }).IsEmpty)
        {
            return null;
        }

        var host = http.RequestServices.GetRequiredService<IDashboardHost>();
        var sender = http.RequestServices.GetRequiredService<ISender>();
        var counts = new Dictionary<string, long>();
        foreach (var status in StatusLook.OfRuns)
        {
            var text = RunFilterText.All.Toggle(status).ToString();
            var parsed = host.Parse(tenant, new RunQueryText(text, null, null));
            var count = await sender.Send(new CountRunsQuery(tenant, parsed.Value.Criteria), http.RequestAborted);
            if (!count.TryGetValue(out var number, out _))
            {
                return null;
            }

            counts[status] = number.Value;
        }

        return counts;
    }

    /// <summary>
    /// Reads the state from the query of the URL. Values that the page does not offer are replaced by the default.
    /// </summary>
    internal static RunsState ReadState(IQueryCollection query) =>
        new(
            new RunQueryText(Text(query, "$filter"), Text(query, "$orderby"), Text(query, "$search")),
            int.TryParse(query["$top"], NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            && RunsState.PageSizes.Contains(size)
                ? size
                : RunsState.DefaultPageSize,
            query["total"] == "1",
            Text(query, "$skiptoken")
        );

    private static string? Text(IQueryCollection query, string name) =>
        query[name] is [{ Length: > 0 } text] && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;

    private static bool HasControls(IQueryCollection query) => query.ContainsKey("apply");

    // The form of the page sends its controls. The redirect replaces them by one filter, so that a state has one URL.
    private static RunFilterText ReadControls(IQueryCollection query, RunsState state) =>
        RunFilterText.Parse(state.Query.Filter) with
        {
            Contains = Name(query, "nameContains"),
            StartsWith = Name(query, "nameStarts"),
            OnlyWithErrors = query["errors"] == "1",
            From = Bound(query, "from"),
            To = Bound(query, "to"),
        };

    // Space at the end of a name is part of it.
    private static string? Name(IQueryCollection query, string name) =>
        query[name] is [{ Length: > 0 } text] ? text : null;

    // The control shows whole seconds. A bound that was not changed keeps its fraction.
    private static DateTimeOffset? Bound(IQueryCollection query, string name) =>
        (Instant(query, name), Instant(query, $"{name}Before")) is ({ } shown, { } before)
        && shown == before.AddTicks(-(before.Ticks % TimeSpan.TicksPerSecond))
            ? before
            : Instant(query, name);

    // The control datetime-local has no zone. ui.js adds the zone of the reader; without it, the time is UTC.
    private static DateTimeOffset? Instant(IQueryCollection query, string name) =>
        DateTimeOffset.TryParse(
            query[name],
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var instant
        )
            ? instant
            : null;

    /// <summary>Returns the page for the text of the quick search: a run by its id, or a list by words.</summary>
    private static string? Find(string text) =>
        text.Trim() switch
        {
            "" => null,
            var id when Guid.TryParseExact(id, "D", out var run) => $"/runs/{run}",
            var words =>
                $"/runs{(RunsState.Default with { Query = new RunQueryText(null, null, words) }).ToQueryString()}",
        };
}
