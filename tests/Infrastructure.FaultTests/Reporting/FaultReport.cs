using System.Diagnostics;
using System.Globalization;
using IndustryData.Infrastructure.FaultTests.Loading;

namespace IndustryData.Infrastructure.FaultTests.Reporting;

/// <summary>
/// Collects the results of one scenario, prints them as one line and fails the test if a requirement was not met. If
/// the environment variable <c>INDUSTRYDATA_FAULTS_REPORT</c> is set, the line is also appended to the file that it
/// names.
/// </summary>
internal sealed class FaultReport(string scenario)
{
    private const string FileVariable = "INDUSTRYDATA_FAULTS_REPORT";
    private const int MaxExamples = 3;

    private readonly List<string> _notes = [];
    private readonly List<string> _broken = [];
    private readonly long _start = Stopwatch.GetTimestamp();
    private TimeSpan? _back;

    /// <summary>
    /// Records the time until the service was available again, and requires that it is at most the maximum.
    /// </summary>
    public void Back(TimeSpan? elapsed, TimeSpan max)
    {
        _back = elapsed > _back || _back is null ? elapsed : _back;
        Require(elapsed <= max, $"back within {Seconds(max)}, was {(elapsed is { } known ? Seconds(known) : "never")}");
    }

    /// <summary>Adds a figure to the line.</summary>
    public void Note(string text) => _notes.Add(text);

    /// <summary>Records a requirement and whether it was met.</summary>
    public void Require(bool holds, string promise)
    {
        if (!holds)
        {
            _broken.Add(promise);
        }
    }

    /// <summary>Requires that no response breaks a rule.</summary>
    /// <param name="answers">The responses.</param>
    /// <param name="breaks">Returns true if a response breaks the rule.</param>
    /// <param name="rule">The rule.</param>
    public void RequireNone(
        IEnumerable<ResponseDescription> answers,
        Func<ResponseDescription, bool> breaks,
        string rule
    )
    {
        var found = answers.Where(breaks).ToList();
        var examples = found.OrderByDescending(a => a.Elapsed).Select(a => a.ToString()).Distinct().Take(MaxExamples);
        Require(
            found.Count == 0,
            $"{rule}, but {found.Count} responses break this rule: {string.Join(" | ", examples)}"
        );
    }

    /// <summary>Requires that each response is a success or 503, or is missing because the connection broke.</summary>
    public void RequireOnlyUnavailable(IEnumerable<ResponseDescription> answers) =>
        RequireNone(answers, a => !a.IsSuccess && !a.IsUnavailable && a.Status != 0, "every response is 2xx or 503");

    /// <summary>Requires that every request gets a response, which is a success or a 503.</summary>
    public void RequireAnswered(IEnumerable<ResponseDescription> answers) =>
        RequireNone(answers, a => !a.IsSuccess && !a.IsUnavailable, "every response is 2xx or 503");

    /// <summary>
    /// Compares a ledger with the database, prints the line and fails the test if a requirement was not met.
    /// </summary>
    public async Task CompleteAsync(Ledger ledger, string connectionString)
    {
        var findings = await ledger.CompareAsync(connectionString);
        Require(findings.Lost == 0, "nothing is lost");
        Require(findings.WronglyAcknowledged == 0, "nothing is wrongly acknowledged");
        Require(findings.StoredTwice == 0, "nothing is stored twice");
        Require(
            findings.WronglyDenied == 0,
            $"no run is stored that the service reported as not stored, but {findings.WronglyDenied} are"
        );
        Require(ledger.Unfinished == 0, $"each keyed write is finally acknowledged, but {ledger.Unfinished} are not");
        Complete(findings);
    }

    /// <summary>Prints the line and fails the test if a requirement was not met.</summary>
    public void Complete(Findings? findings = null)
    {
        var parts = new List<string>();
        if (findings is not null)
        {
            parts.Add($"acknowledged {findings.Acknowledged}, found {findings.Found}, lost {findings.Lost}");
            parts.Add($"wrongly acknowledged {findings.WronglyAcknowledged}, stored twice {findings.StoredTwice}");
        }

        if (_back is { } back)
        {
            parts.Add($"back after {Seconds(back)}");
        }

        parts.AddRange(_notes);
        parts.Add($"took {Seconds(Stopwatch.GetElapsedTime(_start))}");
        var verdict = _broken.Count == 0 ? "" : $"; BROKEN: {string.Join("; ", _broken)}";
        var line = $"{scenario}: {string.Join(", ", parts)}{verdict}";
        TestContext.Current.TestOutputHelper?.WriteLine(line);
        if (Environment.GetEnvironmentVariable(FileVariable) is { Length: > 0 } path)
        {
            File.AppendAllText(path, line + "\n");
        }

        if (_broken.Count > 0)
        {
            Assert.Fail(line);
        }
    }

    private static string Seconds(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s");
}
