using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class PageTokenSigningKeyConfiguration : IEntityTypeConfiguration<PageTokenSigningKey>
{
    public void Configure(EntityTypeBuilder<PageTokenSigningKey> builder)
    {
        builder.HasKey(k => k.Id);
        builder.Property(k => k.Id).ValueGeneratedNever();
    }
}
