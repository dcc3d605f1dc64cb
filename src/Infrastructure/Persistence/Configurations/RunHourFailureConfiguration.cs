using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class RunHourFailureConfiguration : IEntityTypeConfiguration<RunHourFailure>
{
    public void Configure(EntityTypeBuilder<RunHourFailure> builder)
    {
        builder.HasKey(f => new
        {
            f.TenantId,
            f.Hour,
            f.Number,
        });
        builder.Property(f => f.Code).HasColumnType("text").UseCollation("C");
    }
}
