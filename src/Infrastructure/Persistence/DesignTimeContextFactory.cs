using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>Lets <c>dotnet ef migrations add</c> make the model without a server.</summary>
internal sealed class DesignTimeContextFactory : IDesignTimeDbContextFactory<IndustryDataContext>
{
    public IndustryDataContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<IndustryDataContext>().UseNpgsql().Options);
}
