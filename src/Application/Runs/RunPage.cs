namespace IndustryData.Application.Runs;

/// <summary>The limits of a page of a list.</summary>
public static class RunPage
{
    /// <summary>The default number of runs on a page.</summary>
    public const int DefaultSize = 100;

    /// <summary>The maximum number of runs on a page.</summary>
    public const int MaxSize = 1000;

    /// <summary>
    /// The maximum number of runs on a page with activities. Each run may have a thousand activities.
    /// </summary>
    public const int MaxSizeWithActivities = 100;

    /// <summary>
    /// The number of characters above which a page is full. The remaining rows are left to the next page.
    /// </summary>
    public const long MaxChars = 4 * 1024 * 1024;

    /// <summary>The approximate number of characters of a row without its large texts.</summary>
    public const int RowChars = 256;
}
