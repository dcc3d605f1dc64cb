using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class RunHourConfiguration : IEntityTypeConfiguration<RunHour>
{
    public void Configure(EntityTypeBuilder<RunHour> builder) =>
        builder.HasKey(h => new
        {
            h.TenantId,
            h.Hour,
            h.Status,
            h.HasEnd,
        });
}
