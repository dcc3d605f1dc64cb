using IndustryData.Domain.Runs;

namespace IndustryData.Infrastructure.Persistence;

internal sealed class RunRepository(IndustryDataContext context) : IRunRepository
{
    public async Task AddAsync(Run run, CancellationToken cancellationToken)
    {
        context.Runs.Add(run);
        await context.SaveChangesAsync(cancellationToken);
    }
}
