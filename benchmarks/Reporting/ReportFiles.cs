using System.Globalization;
using IndustryData.Benchmarks.Environment;

namespace IndustryData.Benchmarks.Reporting;

/// <summary>Prints the report and writes it to files in <c>artifacts/benchmarks</c>.</summary>
internal static class ReportFiles
{
    public static async Task WriteAsync(Report report)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Checkout.Folder, "artifacts", "benchmarks")).FullName;
        var name = Path.Combine(folder, report.Machine.Ended.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture));
        var markdown = MarkdownReport.Write(report);
        await File.WriteAllTextAsync($"{name}.md", markdown);
        await File.WriteAllTextAsync($"{name}.json", JsonReport.Write(report));
        Console.WriteLine($"\n{markdown}\nWritten to {name}.md and .json");
    }
}
