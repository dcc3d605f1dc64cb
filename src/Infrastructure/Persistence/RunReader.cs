using AutoMapper;
using AutoMapper.QueryableExtensions;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using Microsoft.EntityFrameworkCore;

namespace IndustryData.Infrastructure.Persistence;

internal sealed class RunReader(IndustryDataContext context, IConfigurationProvider maps) : IRunReader
{
    public Task<RunResponse?> FindAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken) =>
        context.Runs.Where(r => r.TenantId == tenantId && r.Id == id).ProjectTo<RunResponse>(maps).SingleOrDefaultAsync(cancellationToken);

    public Task<bool> ExistsAsync(TenantId tenantId, RunId id, CancellationToken cancellationToken) =>
        context.Runs.AnyAsync(r => r.TenantId == tenantId && r.Id == id, cancellationToken);

    public async Task<IReadOnlyList<RunListItem>> NewestAsync(TenantId tenantId, int count, RunPosition? after, CancellationToken cancellationToken)
    {
        var runs = context.Runs.Where(r => r.TenantId == tenantId);
        if (after is { } place)
        {
            // A row value, which PostgreSQL takes as the index's bound; the same written with OR it does not.
            runs = runs.Where(r => EF.Functions.LessThan(
                ValueTuple.Create(r.StartDateTime, r.Id),
                ValueTuple.Create(place.StartDateTime, place.Id)));
        }

        return await runs.OrderByDescending(r => r.StartDateTime).ThenByDescending(r => r.Id)
            .Take(count)
            .ProjectTo<RunListItem>(maps)
            .ToListAsync(cancellationToken);
    }
}
