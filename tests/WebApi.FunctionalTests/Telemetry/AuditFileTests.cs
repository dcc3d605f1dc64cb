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

    [Fact]
    public void Portion_is_one_write_and_the_next_one_does_not_repeat_it_if_it_failed()
    {
        using var file = new OneFailure();
        using var stream = new AuditFile.PortionStream(file);
        stream.Write("refused"u8);
        Should.Throw<IOException>(stream.Flush);
        stream.Write("a"u8);
        stream.Write("b\n"u8);
        file.Writes.ShouldBeEmpty();
        stream.Flush();

        file.Writes.ShouldBe(["ab\n"]);
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

    private sealed class OneFailure : MemoryStream
    {
        private bool _hasFailed;

        public List<string> Writes { get; } = [];

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (!_hasFailed)
            {
                _hasFailed = true;
                throw new IOException("The disk is full.");
            }

            Writes.Add(Encoding.UTF8.GetString(buffer));
        }
    }
}
