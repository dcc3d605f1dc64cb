using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class PageTokenSigningKeyConfiguration : IEntityTypeConfiguration<PageTokenSigningKey>
{
    public void Configure(EntityTypeBuilder<PageTokenSigningKey> builder)
    {
        builder.ToTable("token_keys");
        builder.HasKey(k => k.Id).HasName("token_keys_pkey");
        builder.Property(k => k.Id).HasColumnName("id").ValueGeneratedNever();
        builder.Property(k => k.Key).HasColumnName("key");
    }
}
