using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class OutdatedRunHourConfiguration : IEntityTypeConfiguration<OutdatedRunHour>
{
    public void Configure(EntityTypeBuilder<OutdatedRunHour> builder) =>
        builder.HasKey(h => new
        {
            h.TenantId,
            h.Hour,
            h.ChangeNumber,
        });
}
