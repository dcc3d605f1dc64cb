using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OData.Query;
using Microsoft.AspNetCore.OData.Results;
using Microsoft.AspNetCore.OData.Routing.Controllers;

namespace IndustryData.Benchmarks.Baselines;

// The endpoints of Microsoft.AspNetCore.OData with EF Core. There is one controller for each entity set of the model.

/// <summary>The endpoint for one run.</summary>
public sealed class RunsController(PlainContext context, BaselineOptions options) : ODataController
{
    [EnableQuery]
    public SingleResult<StoredRun> Get([FromRoute] Guid key) =>
        SingleResult.Create(context.Run(options.ReadTenant, key));
}

/// <summary>The endpoint for a list of runs.</summary>
public sealed class ListedRunsController(PlainContext context, BaselineOptions options) : ODataController
{
    [EnableQuery]
    public IQueryable<ListedRun> Get() => context.List(options.ReadTenant);
}

/// <summary>The endpoint for one run, tuned.</summary>
public sealed class TunedRunsController(TunedContext context, BaselineOptions options) : ODataController
{
    [EnableQuery]
    public SingleResult<StoredRun> Get([FromRoute] Guid key) =>
        SingleResult.Create(context.Run(options.ReadTenant, key));
}

/// <summary>
/// The endpoint for a list of runs, tuned. The request specifies the complete order, and an index exists for it.
/// </summary>
public sealed class TunedListedRunsController(TunedContext context, BaselineOptions options) : ODataController
{
    [EnableQuery(EnsureStableOrdering = false)]
    public IQueryable<ListedRun> Get() => context.List(options.ReadTenant);
}
