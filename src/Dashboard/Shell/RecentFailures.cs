using IndustryData.Dashboard.Parts;
using IndustryData.Dashboard.Runs;
using Microsoft.AspNetCore.Http;

namespace IndustryData.Dashboard.Shell;

/// <summary>Counts the failures of the last hour, which the title of every page shows.</summary>
internal static class RecentFailures
{
    private static readonly TimeSpan _span = TimeSpan.FromHours(1);

    /// <summary>Returns the number of failed runs that started in the last hour; 0 if it is not known.</summary>
    public static async Task<long> CountAsync(HttpContext http, PageContext context)
    {
        if (context.Caller is not { } caller)
        {
            return 0;
        }

        // The bound changes once a minute, so that the parsed filter is cached.
        var from = context.Now - _span;
        var filter = RunFilterText.All.Toggle("failed") with
        {
            From = from.AddTicks(-(from.Ticks % TimeSpan.TicksPerMinute)),
        };
        return await PageReader.Of(http, caller.TenantId).CountAsync(filter) ?? 0;
    }
}
