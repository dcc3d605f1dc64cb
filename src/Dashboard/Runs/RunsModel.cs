using System.Globalization;
using System.Text;
using IndustryData.Application.Runs;
using IndustryData.Dashboard.Parts;
using IndustryData.Domain;
using IndustryData.Domain.Runs;

namespace IndustryData.Dashboard.Runs;

/// <summary>The model of the page of runs.</summary>
/// <param name="State">What the URL of the page selects.</param>
/// <param name="Filter">The filter as the controls show it.</param>
/// <param name="Rows">The runs of the page.</param>
/// <param name="OlderToken">The token of the next page; null if this is the last one.</param>
/// <param name="Counts">The number of runs of each status; null if they are not counted for this filter.</param>
/// <param name="Total">The number of selected runs; null if not requested.</param>
/// <param name="Error">What is wrong with the query options; null if nothing.</param>
/// <param name="HasRuns">False if the tenant has no run at all.</param>
/// <param name="Usual">The usual values of families of the runs, by their names.</param>
public sealed record RunsModel(
    RunsState State,
    RunFilterText Filter,
    IReadOnlyList<RunListItem> Rows,
    string? OlderToken,
    IReadOnlyDictionary<string, long>? Counts,
    long? Total,
    Error? Error,
    bool HasRuns,
    IReadOnlyDictionary<string, RunFamilyStatistics> Usual
)
{
    /// <summary>True if the runs could not be read in time.</summary>
    public bool IsTooBroad { get; init; }

    /// <summary>
    /// The number of selected runs as the counters have it; null if they do not count this filter. Runs can be added
    /// while the counters of the statuses are read one after the other.
    /// </summary>
    public long? Estimate =>
        Counts?.Where(c => Filter.Statuses.Count == 0 || Filter.Statuses.Contains(c.Key)).Sum(c => c.Value);

    /// <summary>Returns how long a run took, or has taken, compared with its family; null if it is not known.</summary>
    public DurationBar? BarOf(RunListItem run, DateTimeOffset now) =>
        DurationBar.Of(run, Usual.GetValueOrDefault(RunFamily.Of(run.DisplayName)), now);
}

/// <summary>The state of the page of runs. Its URL contains all of it, without the defaults.</summary>
/// <param name="Query">The query options.</param>
/// <param name="PageSize">The number of rows: one of <see cref="PageSizes"/>.</param>
/// <param name="WithTotal">True to count the selected runs exactly.</param>
/// <param name="Token">The token of the page; null for the first page.</param>
public sealed record RunsState(RunQueryText Query, int PageSize, bool WithTotal, string? Token)
{
    /// <summary>The first page of all runs, newest first.</summary>
    public static readonly RunsState Default = new(new RunQueryText(null, null, null), DefaultPageSize, false, null);

    /// <summary>The default number of rows.</summary>
    public const int DefaultPageSize = 50;

    /// <summary>The numbers of rows that the page offers.</summary>
    public static IReadOnlyList<int> PageSizes { get; } = [25, 50, 100, 250];

    /// <summary>Returns the state with another filter, at its first page.</summary>
    public RunsState With(RunFilterText filter) =>
        this with
        {
            Query = Query with { Filter = filter.ToString() is { Length: > 0 } text ? text : null },
            Token = null,
            WithTotal = false,
        };

    /// <summary>Returns the query string of the state, with its question mark; empty for the default state.</summary>
    public string ToQueryString()
    {
        var text = new StringBuilder();
        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                text.Append(text.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
            }
        }

        Add("$filter", Query.Filter);
        Add("$orderby", Query.OrderBy);
        Add("$search", Query.Search);
        Add("$top", PageSize == DefaultPageSize ? null : PageSize.ToString(CultureInfo.InvariantCulture));
        Add("total", WithTotal ? "1" : null);
        Add("$skiptoken", Token);
        return text.ToString();
    }
}
