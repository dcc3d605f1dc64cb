using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>Creates the context for <c>dotnet ef migrations add</c>, which needs no server.</summary>
internal sealed class DesignTimeContextFactory : IDesignTimeDbContextFactory<IndustryDataContext>
{
    public IndustryDataContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<IndustryDataContext>().UseNpgsql().Options);
}
