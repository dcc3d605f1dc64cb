using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class RunCountConfiguration : IEntityTypeConfiguration<RunCount>
{
    public void Configure(EntityTypeBuilder<RunCount> builder)
    {
        builder.HasKey(c => new
        {
            c.TenantId,
            c.Quarter,
            c.Status,
            c.Shard,
        });
    }
}
