using System.Collections.Concurrent;

namespace IndustryData.Dashboard.BrowserTests;

/// <summary>
/// A test in a browser. It fails if a page writes to the console, violates its Content Security Policy, throws, loads
/// something from another origin, or gets an error for something that it loads.
/// </summary>
public abstract class BrowserTest(DashboardFixture dashboard) : IAsyncLifetime
{
    // All pages of a browser have the same clipboard.
    private static readonly SemaphoreSlim _clipboard = new(1);

    private readonly ConcurrentQueue<string> _faults = [];
    private readonly List<IBrowserContext> _contexts = [];
    private bool _usesClipboard;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected DashboardFixture Dashboard { get; } = dashboard;

    /// <summary>True if the test expects pages with errors.</summary>
    protected bool AllowsErrorPages { get; set; }

    public virtual ValueTask InitializeAsync()
    {
        Assert.SkipWhen(Chromium.IsMissing, DashboardFixture.MissingBrowser);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        if (_usesClipboard)
        {
            _clipboard.Release();
        }

        foreach (var context in _contexts)
        {
            await context.DisposeAsync();
        }

        _faults.ShouldBeEmpty();
        GC.SuppressFinalize(this);
    }

    /// <summary>The origins besides that of the service to which the test expects the browser to navigate.</summary>
    protected List<string> OtherOrigins { get; } = [];

    /// <summary>Returns true if a path of <see cref="AppearanceTests.Pages"/> results in an error.</summary>
    protected static bool IsErrorPage(string path) => path is "/nothing" or "/runs?$filter=bogus";

    /// <summary>Returns the URL of a path of <see cref="AppearanceTests.Pages"/>.</summary>
    protected string UrlOf(string path) =>
        $"/ui{path.Replace("{failed}", Dashboard.FailedRun, StringComparison.Ordinal)}";

    /// <summary>Opens a page in a context of its own.</summary>
    protected async Task<IPage> OpenAsync(string path, Action<BrowserNewContextOptions>? configure = null)
    {
        var options = new BrowserNewContextOptions
        {
            BaseURL = $"{Dashboard.Service.Root}",
            ExtraHTTPHeaders = [new("Authorization", $"Bearer {Tokens.Make(others: [("name", "Ada")])}")],
            ReducedMotion = ReducedMotion.Reduce,
            TimezoneId = "America/St_Johns",
            Locale = "en-US",
        };
        configure?.Invoke(options);
        var context = await Dashboard.Browser.NewContextAsync(options);
        context.SetDefaultTimeout(60_000);
        _contexts.Add(context);
        var page = await context.NewPageAsync();
        Watch(page);
        await page.GotoAsync(path.TrimStart('/'));
        return page;
    }

    /// <summary>Opens a page in the context of another one, like a further tab of the same window.</summary>
    protected async Task<IPage> OpenTabAsync(IPage other, string path)
    {
        var page = await other.Context.NewPageAsync();
        Watch(page);
        await page.GotoAsync(path.TrimStart('/'));
        return page;
    }

    /// <summary>Lets a page use the clipboard, which no other test uses until the end of this one.</summary>
    protected async Task UseClipboardAsync(IPage page)
    {
        await _clipboard.WaitAsync(Cancellation);
        _usesClipboard = true;
        await page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
    }

    /// <summary>Reads the text in the clipboard.</summary>
    protected static Task<string> ReadClipboardAsync(IPage page) =>
        page.EvaluateAsync<string>("navigator.clipboard.readText()");

    /// <summary>Sets the cookie of a choice, as the page of settings does.</summary>
    protected async Task SetChoiceAsync(IPage page, string name, string value)
    {
        await page.Context.AddCookiesAsync([
            new Cookie
            {
                Name = name,
                Value = value,
                Url = $"{Dashboard.Service.Root}",
            },
        ]);
        await page.ReloadAsync();
    }

    private void Watch(IPage page)
    {
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning" && !(AllowsErrorPages && message.Text.Contains("status of 4")))
            {
                _faults.Enqueue($"{page.Url}: {message.Text}");
            }
        };
        page.PageError += (_, error) => _faults.Enqueue($"{page.Url}: {error}");
        page.Request += (_, request) =>
        {
            var isNavigation = request.IsNavigationRequest && OtherOrigins.Exists(o => IsBelow(request.Url, o));
            if (!IsBelow(request.Url, $"{Dashboard.Service.Root}") && !isNavigation && !IsInline(request.Url))
            {
                _faults.Enqueue($"{page.Url} loads {request.Url}");
            }
        };
        page.Response += (_, response) =>
        {
            // What a page loads may not fail, even if the page is one of an error.
            var isExpected = AllowsErrorPages && (response.Request.ResourceType is "document" or "fetch");
            if (response.Status >= 400 && !isExpected)
            {
                _faults.Enqueue($"{response.Status} {response.Url}");
            }
        };
    }

    private static bool IsBelow(string url, string origin) => url.StartsWith(origin, StringComparison.Ordinal);

    private static bool IsInline(string url) =>
        url.StartsWith("data:", StringComparison.Ordinal) || url.StartsWith("blob:", StringComparison.Ordinal);
}
