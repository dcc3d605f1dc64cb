using System.Globalization;
using IndustryData.Benchmarks.Environment;

namespace IndustryData.Benchmarks.Reporting;

/// <summary>Prints reports and writes them to files in <c>artifacts/benchmarks</c>.</summary>
internal static class ReportFiles
{
    /// <summary>Writes the report of comparisons as Markdown and JSON.</summary>
    public static async Task WriteAsync(Report report)
    {
        var name = NameAt(report.Machine.Ended);
        await File.WriteAllTextAsync($"{PathOf(name)}.json", JsonReport.Write(report));
        await WriteAsync(name, MarkdownReport.Write(report));
    }

    /// <summary>Writes a report in Markdown.</summary>
    /// <param name="name">The name of the file, without an extension.</param>
    /// <param name="markdown">The report.</param>
    public static async Task WriteAsync(string name, string markdown)
    {
        await File.WriteAllTextAsync($"{PathOf(name)}.md", markdown);
        Console.WriteLine($"\n{markdown}\nWritten to {PathOf(name)}.md");
    }

    /// <summary>Returns the name of a report that ended at an instant.</summary>
    public static string NameAt(DateTimeOffset ended) =>
        ended.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);

    private static string PathOf(string name) =>
        Path.Combine(
            Directory.CreateDirectory(Path.Combine(Checkout.Folder, "artifacts", "benchmarks")).FullName,
            name
        );
}
