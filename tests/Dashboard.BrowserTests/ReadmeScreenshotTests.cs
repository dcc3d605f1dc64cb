using System.Buffers.Binary;

namespace IndustryData.Dashboard.BrowserTests;

/// <summary>The screenshot of the README. It is made from the page, so that it can be made again.</summary>
public sealed class ReadmeScreenshotTests(DashboardFixture dashboard) : BrowserTest(dashboard)
{
    private const string Variable = "INDUSTRYDATA_ACCEPT_SCREENSHOT";
    private const int Width = 1280;
    private const int Height = 800;
    private const int MaxBytes = 200 * 1024;

    private static readonly byte[] _signature = [0x89, (byte)'P', (byte)'N', (byte)'G'];

    [Fact]
    public async Task Screenshot_of_the_readme_is_an_image_of_the_overview()
    {
        var file = Repository.PathOf("docs/dashboard.png");
        var page = await OpenAsync(
            "/ui?range=30d",
            options =>
            {
                options.ViewportSize = new ViewportSize { Width = Width, Height = Height };
                options.TimezoneId = "UTC";
            }
        );
        var image = await page.ScreenshotAsync();
        if (Environment.GetEnvironmentVariable(Variable) == "1")
        {
            await File.WriteAllBytesAsync(file, image, Cancellation);
        }

        var kept = await File.ReadAllBytesAsync(file, Cancellation);
        kept.Length.ShouldBeLessThan(MaxBytes);
        kept[..4].ShouldBe(_signature);
        SizeOf(kept).ShouldBe(SizeOf(image));
    }

    // The header of the first chunk (PNG Specification §11.2.2).
    private static (int Width, int Height) SizeOf(byte[] image) =>
        (BinaryPrimitives.ReadInt32BigEndian(image.AsSpan(16)), BinaryPrimitives.ReadInt32BigEndian(image.AsSpan(20)));
}
