using System.Runtime.Versioning;
using IndustryData.Infrastructure.EmbeddedPostgres;

namespace IndustryData.Infrastructure.IntegrationTests.EmbeddedPostgres;

[SupportedOSPlatform("linux")]
public sealed class DataDirectoryTests
{
    [Fact]
    public void Takes_the_setting()
    {
        using var folder = new TestDataDirectory();

        DataDirectory.Resolve(folder.Path, new EmbeddedPostgresOptions()).Path.ShouldBe(folder.Path);
        Directory.Exists(folder.Path).ShouldBeFalse();
    }

    [Theory]
    [InlineData(null)]
    [InlineData(" ")]
    public void Falls_back_to_the_checkout_or_the_system(string? setting)
    {
        string path = DataDirectory.Resolve(setting, new EmbeddedPostgresOptions()).Path;

        if (path != "/var/lib/industrydata")
        {
            File.Exists(Path.Combine(Path.GetDirectoryName(path)!, "IndustryData.sln")).ShouldBeTrue(path);
        }
    }

    [Fact]
    public void Refuses_a_folder_that_the_account_of_PostgreSQL_cannot_enter()
    {
        using var folder = new TestDataDirectory();
        Directory.CreateDirectory(
            folder.Path,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        );
        string inside = Path.Combine(folder.Path, "data");

        if (Environment.IsPrivilegedProcess)
        {
            string message = Should
                .Throw<EmbeddedPostgresException>(() => DataDirectory.Resolve(inside, new EmbeddedPostgresOptions()))
                .Message;
            message.ShouldContain($"cannot enter {folder.Path}:");
        }
        else
        {
            DataDirectory.Resolve(inside, new EmbeddedPostgresOptions()).Path.ShouldBe(inside);
        }
    }

    [Fact]
    public void Makes_the_folder_closed_to_reading()
    {
        using var folder = new TestDataDirectory();

        DataDirectory.Resolve(folder.Path, new EmbeddedPostgresOptions()).Create();

        (
            File.GetUnixFileMode(folder.Path)
            & (UnixFileMode.GroupRead | UnixFileMode.OtherRead | UnixFileMode.OtherWrite)
        ).ShouldBe(UnixFileMode.None);
    }
}
