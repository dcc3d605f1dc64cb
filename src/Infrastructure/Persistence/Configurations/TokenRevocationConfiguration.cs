using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class TokenRevocationConfiguration : IEntityTypeConfiguration<TokenRevocation>
{
    public void Configure(EntityTypeBuilder<TokenRevocation> builder)
    {
        builder.HasKey(r => r.TenantId);

        // An earlier version of the service, which does not know the column, can still insert rows.
        builder.Property(r => r.SessionsNotBefore).HasDefaultValueSql("'0001-01-01 00:00:00+00'");
    }
}
