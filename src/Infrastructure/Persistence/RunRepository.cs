using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>Keeps runs in PostgreSQL. SaveChanges is one transaction and returns after its commit.</summary>
internal sealed partial class RunRepository(IndustryDataContext context) : IRunRepository
{
    public async Task AddAsync(Run run, CancellationToken cancellationToken)
    {
        context.Runs.Add(run);
        context.RunActivities.AddRange(run.Activities);
        await context.SaveChangesAsync(cancellationToken);
    }
}
