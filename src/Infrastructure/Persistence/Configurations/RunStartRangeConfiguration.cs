using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class RunStartRangeConfiguration : IEntityTypeConfiguration<RunStartRange>
{
    public void Configure(EntityTypeBuilder<RunStartRange> builder)
    {
        builder.HasKey(r => r.FirstId);
    }
}
