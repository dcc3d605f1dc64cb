using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class RunStartConfiguration : IEntityTypeConfiguration<RunStart>
{
    public void Configure(EntityTypeBuilder<RunStart> builder)
    {
        builder.HasKey(s => new
        {
            s.TenantId,
            s.StartedDateTime,
            s.RunId,
        });
    }
}
