using System.Diagnostics;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.FunctionalTests.Security;

public sealed class SigningKeyTests
{
    [Fact]
    public void Development_key_is_made_once_and_only_its_owner_can_read_it()
    {
        using var folder = new TemporaryDirectory();
        var key = SigningKeys.Development(folder.Path);

        SigningKeys.Development(folder.Path).ShouldBe(key);
        Directory.GetFiles(folder.Path).ShouldBe([PathOf(folder)]);
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(PathOf(folder)).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void Development_key_that_others_can_read_or_change_is_refused(UnixFileMode more)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such modes.");
        using var folder = new TemporaryDirectory();
        SigningKeys.Development(folder.Path);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(PathOf(folder), UnixFileMode.UserRead | UnixFileMode.UserWrite | more);
        }

        Should.Throw<StartupException>(() => SigningKeys.Development(folder.Path)).Message.ShouldContain("chmod 600");
    }

    [Fact]
    public void Development_key_of_another_account_is_refused()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess,
            "Only root can give a file away."
        );
        using var folder = new TemporaryDirectory();
        SigningKeys.Development(folder.Path);
        using var chown = Process.Start("chown", ["65534", PathOf(folder)]);
        chown.WaitForExit();
        chown.ExitCode.ShouldBe(0);

        Should
            .Throw<StartupException>(() => SigningKeys.Development(folder.Path))
            .Message.ShouldContain("belongs to another account");
    }

    [Fact]
    public void First_starts_at_once_agree_on_one_key()
    {
        using var folder = new TemporaryDirectory();
        var keys = new System.Collections.Concurrent.ConcurrentBag<string>();
        Parallel.For(0, 16, _ => keys.Add(SigningKeys.Development(folder.Path)));

        keys.Distinct().Count().ShouldBe(1);
        Directory.GetFiles(folder.Path).ShouldBe([PathOf(folder)]);
    }

    private static string PathOf(TemporaryDirectory folder) => Path.Combine(folder.Path, "signing-key");
}
