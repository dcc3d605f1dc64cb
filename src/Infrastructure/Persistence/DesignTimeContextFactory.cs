using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>Creates the context for <c>dotnet ef migrations add</c>, which needs no server.</summary>
internal sealed class DesignTimeContextFactory : IDesignTimeDbContextFactory<IndustryDataContext>
{
    public IndustryDataContext CreateDbContext(string[] args)
    {
        var options = new DbContextOptionsBuilder<IndustryDataContext>().UseNpgsql();
        IndustryDataContext.Configure(options);
        return new IndustryDataContext(options.Options);
    }
}
