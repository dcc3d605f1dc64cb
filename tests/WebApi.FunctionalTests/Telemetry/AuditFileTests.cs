using System.Text;
using IndustryData.WebApi.Http;

namespace IndustryData.WebApi.FunctionalTests.Telemetry;

public sealed class AuditFileTests
{
    [Fact]
    public void Lines_are_in_the_file_when_they_are_written_and_new_ones_are_appended_by_the_next_process()
    {
        using var folder = new TemporaryDirectory();
        var options = new AuditOptions { Path = Path.Combine(folder.Path, "audit.json") };
        var lines = string.Concat(Enumerable.Range(0, 3000).Select(i => $"{i} ö\n"));
        using (var file = new AuditFile(options))
        {
            file.Write(Encoding.UTF8.GetBytes(lines));
            ReadAll(folder.Path).ShouldBe(lines);
        }

        using (var file = new AuditFile(options))
        {
            file.Write("last\n"u8);
        }

        ReadAll(folder.Path).ShouldBe(lines + "last\n");
    }

    private static string ReadAll(string folder)
    {
        using var stream = new FileStream(
            Directory.EnumerateFiles(folder).ShouldHaveSingleItem(),
            FileMode.Open,
            FileAccess.Read,
            FileShare.ReadWrite
        );
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
