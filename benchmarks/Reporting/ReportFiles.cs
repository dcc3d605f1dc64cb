using System.Globalization;
using IndustryData.Benchmarks.Environment;

namespace IndustryData.Benchmarks.Reporting;

/// <summary>Prints reports and writes them to files in <c>artifacts/benchmarks</c>.</summary>
internal static class ReportFiles
{
    /// <summary>Writes the report of comparisons as Markdown and JSON.</summary>
    public static Task WriteAsync(Report report) =>
        WriteAsync(NameAt(report.Machine.Ended), MarkdownReport.Write(report), JsonReport.Write(report));

    /// <summary>Writes a report.</summary>
    /// <param name="name">The name of the files, without an extension.</param>
    /// <param name="markdown">The report in Markdown.</param>
    /// <param name="json">The report in JSON; null to write it in Markdown only.</param>
    public static async Task WriteAsync(string name, string markdown, string? json = null)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Checkout.Folder, "artifacts", "benchmarks")).FullName;
        var path = Path.Combine(folder, name);
        await File.WriteAllTextAsync($"{path}.md", markdown);
        if (json is not null)
        {
            await File.WriteAllTextAsync($"{path}.json", json);
        }

        Console.WriteLine($"\n{markdown}\nWritten to {path}.md{(json is null ? "" : " and .json")}");
    }

    /// <summary>Returns the name of a report that ended at an instant.</summary>
    public static string NameAt(DateTimeOffset ended) =>
        ended.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
}
