using System.Diagnostics;
using System.Globalization;
using IndustryData.Infrastructure.FaultTests.Loading;

namespace IndustryData.Infrastructure.FaultTests.Reporting;

/// <summary>
/// Collects what one scenario found, prints it as one line and fails the test if a promise was broken. The line also
/// goes to the file that the environment variable <c>INDUSTRYDATA_FAULTS_REPORT</c> names, if there is one.
/// </summary>
internal sealed class FaultReport(string scenario)
{
    private const string FileVariable = "INDUSTRYDATA_FAULTS_REPORT";
    private const int MaxExamples = 3;

    private readonly List<string> _notes = [];
    private readonly List<string> _broken = [];
    private readonly long _start = Stopwatch.GetTimestamp();
    private TimeSpan? _back;

    /// <summary>Notes how long it took until the service was back, and the longest time allowed.</summary>
    public void Back(TimeSpan? elapsed, TimeSpan max)
    {
        _back = elapsed > _back || _back is null ? elapsed : _back;
        Require(elapsed <= max, $"back within {Seconds(max)}, was {(elapsed is { } known ? Seconds(known) : "never")}");
    }

    /// <summary>Adds a figure to the line.</summary>
    public void Note(string text) => _notes.Add(text);

    /// <summary>States a promise and whether it held.</summary>
    public void Require(bool holds, string promise)
    {
        if (!holds)
        {
            _broken.Add(promise);
        }
    }

    /// <summary>States that no answer breaks a rule.</summary>
    /// <param name="answers">The answers.</param>
    /// <param name="breaks">Which ones break it.</param>
    /// <param name="rule">The rule.</param>
    public void RequireNone(
        IEnumerable<ResponseDescription> answers,
        Func<ResponseDescription, bool> breaks,
        string rule
    )
    {
        var found = answers.Where(breaks).ToList();
        var examples = found.OrderByDescending(a => a.Elapsed).Select(a => a.ToString()).Distinct().Take(MaxExamples);
        Require(found.Count == 0, $"{rule}, but {found.Count} did: {string.Join(" | ", examples)}");
    }

    /// <summary>States that no answer is another than a success, a 503, or none because the connection broke.</summary>
    public void RequireOnlyUnavailable(IEnumerable<ResponseDescription> answers) =>
        RequireNone(
            answers,
            a => !a.IsSuccess && !a.IsUnavailable && a.Status != 0,
            "nothing but 2xx and 503 is answered"
        );

    /// <summary>States that every request is answered, with a success or a 503.</summary>
    public void RequireAnswered(IEnumerable<ResponseDescription> answers) =>
        RequireNone(answers, a => !a.IsSuccess && !a.IsUnavailable, "nothing but 2xx and 503 is answered");

    /// <summary>
    /// Compares a ledger with the database, prints the line and fails the test if a promise was broken.
    /// </summary>
    public async Task CompleteAsync(Ledger ledger, string connectionString)
    {
        var findings = await ledger.CompareAsync(connectionString);
        Require(findings.Lost == 0, "nothing is lost");
        Require(findings.WronglyAcknowledged == 0, "nothing is wrongly acknowledged");
        Require(findings.StoredTwice == 0, "nothing is stored twice");
        Require(findings.WronglyDenied == 0, $"nothing is stored that was denied, but {findings.WronglyDenied} are");
        Require(
            ledger.Unfinished == 0,
            $"each keyed write is acknowledged in the end, but {ledger.Unfinished} are not"
        );
        Complete(findings);
    }

    /// <summary>Prints the line and fails the test if a promise was broken.</summary>
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
