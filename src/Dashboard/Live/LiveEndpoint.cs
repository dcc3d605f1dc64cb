using IndustryData.Application.Runs;
using IndustryData.Dashboard.Parts;
using IndustryData.Dashboard.Runs;
using IndustryData.Dashboard.Shell;
using IndustryData.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.Dashboard.Live;

/// <summary>The page <c>/ui/live</c>: what changes now. It needs a script; without it, it shows what runs.</summary>
internal static class LiveEndpoint
{
    private const int MaxRunning = 100;

    public static async Task HandleAsync(HttpContext http)
    {
        var context = PageContext.Of(http, isSignedIn: true);
        var query = http.Request.Query;
        var filter = query["$filter"].ToString().Trim();
        var tenant = context.Caller!.TenantId;
        var host = http.RequestServices.GetRequiredService<IDashboardHost>();
        var checkedFilter = host.Parse(tenant, new RunQueryText(filter.Length > 0 ? filter : null, null, null));
        var running = await PageReader
            .Of(http, tenant)
            .ListAsync(RunFilterText.All.Toggle("running"), order: null, MaxRunning);
        var model = new LiveModel(filter, running ?? [], query["wall"] == "1", checkedFilter.Error);
        await http.RenderAsync<LivePage>(
            context,
            model,
            model.Error is null ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest
        );
    }
}

/// <summary>The model of the live page.</summary>
/// <param name="Filter">The text of <c>$filter</c>; empty for all runs.</param>
/// <param name="Running">The running runs, newest first.</param>
/// <param name="IsWall">True for a large screen without navigation.</param>
/// <param name="Error">What is wrong with the filter; null if nothing.</param>
public sealed record LiveModel(string Filter, IReadOnlyList<RunListItem> Running, bool IsWall, Error? Error);
