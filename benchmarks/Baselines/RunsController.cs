using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OData.Query;
using Microsoft.AspNetCore.OData.Results;
using Microsoft.AspNetCore.OData.Routing.Controllers;
using Microsoft.EntityFrameworkCore;

namespace IndustryData.Benchmarks.Baselines;

/// <summary>One run, as Microsoft.AspNetCore.OData answers it over EF Core.</summary>
public sealed class RunsController(BaselineContext context, BaselineOptions options) : ODataController
{
    [EnableQuery]
    public SingleResult<StoredRun> Get([FromRoute] Guid key) =>
        SingleResult.Create(context.Runs.AsNoTracking().Where(r => r.TenantId == options.ReadTenant && r.Id == key));
}

/// <summary>A list of runs, as Microsoft.AspNetCore.OData answers it over EF Core.</summary>
public sealed class ListedRunsController(BaselineContext context, BaselineOptions options) : ODataController
{
    // The request names the whole order itself, the one that has an index.
    [EnableQuery(EnsureStableOrdering = false)]
    public IQueryable<ListedRun> Get() => context.ListedRuns.AsNoTracking().Where(r => r.TenantId == options.ReadTenant);
}
