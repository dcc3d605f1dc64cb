using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class ImportedPortionConfiguration : IEntityTypeConfiguration<ImportedPortion>
{
    public void Configure(EntityTypeBuilder<ImportedPortion> builder) =>
        builder.HasKey(p => new { p.TenantId, p.LastLineKey });
}
