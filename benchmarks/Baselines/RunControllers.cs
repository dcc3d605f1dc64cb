using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OData.Query;
using Microsoft.AspNetCore.OData.Results;
using Microsoft.AspNetCore.OData.Routing.Controllers;

namespace IndustryData.Benchmarks.Baselines;

// What Microsoft.AspNetCore.OData answers over EF Core: a controller for each set of its model.

/// <summary>One run.</summary>
public sealed class RunsController(PlainContext context, BaselineOptions options) : ODataController
{
    [EnableQuery]
    public SingleResult<StoredRun> Get([FromRoute] Guid key) =>
        SingleResult.Create(context.Run(options.ReadTenant, key));
}

/// <summary>A list of runs.</summary>
public sealed class ListedRunsController(PlainContext context, BaselineOptions options) : ODataController
{
    [EnableQuery]
    public IQueryable<ListedRun> Get() => context.List(options.ReadTenant);
}

/// <summary>One run.</summary>
public sealed class TunedRunsController(TunedContext context, BaselineOptions options) : ODataController
{
    [EnableQuery]
    public SingleResult<StoredRun> Get([FromRoute] Guid key) =>
        SingleResult.Create(context.Run(options.ReadTenant, key));
}

/// <summary>A list of runs. The request names the whole order itself, the one that has an index.</summary>
public sealed class TunedListedRunsController(TunedContext context, BaselineOptions options) : ODataController
{
    [EnableQuery(EnsureStableOrdering = false)]
    public IQueryable<ListedRun> Get() => context.List(options.ReadTenant);
}
