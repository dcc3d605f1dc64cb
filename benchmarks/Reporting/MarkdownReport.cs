using System.Globalization;
using System.Text;
using IndustryData.Benchmarks.Comparing;
using IndustryData.Benchmarks.Measuring;

namespace IndustryData.Benchmarks.Reporting;

/// <summary>The report as Markdown.</summary>
internal static class MarkdownReport
{
    public static string Write(Report report)
    {
        var text = new StringBuilder();
        var (machine, settings) = (report.Machine, report.Settings);
        Line($"# Measured {machine.Ended:yyyy-MM-dd HH:mm} UTC, commit {machine.Commit}");
        Line($"");
        Line($"`{machine.CommandLine}`");
        if (machine.CommitBefore is { } before)
        {
            Line($"");
            Line($"*service*: commit {machine.Commit}.");
            Line($"*{ComparisonList.ServiceBefore}*: commit {before}, from {settings.BaselineCheckout}.");
        }

        Line($"");
        Append($"{machine.Processors} processors ({machine.Processor}), {machine.Memory}, {machine.Kernel}; ");
        Append($"{machine.DotNet}; {machine.Postgres}. Load generator, programs and PostgreSQL on this one machine; ");
        Line($"load average at the end {machine.Load}.");
        Append($"{settings.Alternations} turns of {settings.Seconds} s each, {settings.Rows:N0} runs loaded. ");
        Append($"Figures are medians over the turns; least and most in parentheses. Ratios are made turn by turn. ");
        Line($"Processors: how many were busy on average.");
        foreach (var outcome in report.Outcomes)
        {
            Line($"");
            Line($"## {outcome.Comparison.Name}: {outcome.Comparison.Title}");
            Line($"");
            if (outcome.Failure is { } failure)
            {
                Line($"**Failed:** {failure.Split('\n')[0]}");
                continue;
            }

            Append($"| | per second | p50 ms | p95 ms | p99 ms ");
            Line($"| processors: program | PostgreSQL | generator | memory MB |");
            Line($"|---|---|---|---|---|---|---|---|---|");
            foreach (var contender in outcome.Comparison.Contenders)
            {
                var turns = outcome.Of(contender.Name);
                Row([
                    contender.Name,
                    Figure(turns, m => m.PerSecond, "N0"),
                    Figure(turns, m => m.P50, "N2"),
                    Figure(turns, m => m.P95, "N2"),
                    Figure(turns, m => m.P99, "N2"),
                    Used(turns, m => m.Usage.Program, "N2"),
                    Used(turns, m => m.Usage.Postgres, "N2"),
                    Used(turns, m => m.Usage.Generator, "N2"),
                    Used(turns, m => m.Usage.Resident, "N0"),
                ]);
            }
        }

        Line($"");
        Line($"## What should be reached");
        Line($"");
        Line($"| | should be | is | |");
        Line($"|---|---|---|---|");
        foreach (var (name, goal) in report.Outcomes.SelectMany(o => o.Judge().Select(g => (o.Comparison.Name, g))))
        {
            var figure = $"{Show(goal.Value, goal.Unit == "MB" ? "N0" : "N2")} {goal.Unit}";
            Row([$"{name}: {goal.Text}", Wanted(goal), figure, Mark(goal.IsMet, settings)]);
        }

        MemoryRow("memory of the service, most", report.Memory.Most, MemoryUse.MostAllowed);
        MemoryRow("memory of the service, at rest again", report.Memory.AtRest, MemoryUse.AtRestAllowed);
        return text.ToString();

        void Append(FormattableString part) => text.Append(part.ToString(CultureInfo.InvariantCulture));

        void Line(FormattableString line)
        {
            Append(line);
            text.Append('\n');
        }

        void Row(IEnumerable<string> cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");

        void MemoryRow(string label, double used, double allowed) =>
            Row([label, $"≤ {Number(allowed, "N0")} MB", $"{Number(used, "N0")} MB", Mark(used <= allowed, settings)]);
    }

    private static string Figure(IReadOnlyList<Measurement> turns, Func<Measurement, double> value, string format) =>
        Show(Spread.Of(turns.Select(value)), format);

    private static string Show(Spread spread, string format) =>
        double.IsNaN(spread.Median)
            ? "–"
            : $"{Number(spread.Median, format)} ({Number(spread.Least, format)} … {Number(spread.Most, format)})";

    private static string Used(IReadOnlyList<Measurement> turns, Func<Measurement, double?> value, string format) =>
        turns.Select(value).OfType<double>().ToList() is { Count: > 0 } known
            ? Number(Spread.Of(known).Median, format)
            : "–";

    private static string Wanted(GoalResult goal) =>
        goal switch
        {
            { AtLeast: { } least } => $"≥ {Number(least, "0.##")} {goal.Unit}",
            { AtMost: { } most } => $"≤ {Number(most, "0.##")} {goal.Unit}",
            _ => "shown",
        };

    private static string Mark(bool? isMet, Settings settings) =>
        isMet switch
        {
            null => "",
            _ when settings.Seconds < Settings.LeastTelling => "too short to tell",
            true => "met",
            false => "**not met**",
        };

    // Not a number: the contender has no such figure.
    private static string Number(double value, string format) =>
        double.IsNaN(value) ? "–" : value.ToString(format, CultureInfo.InvariantCulture);
}
