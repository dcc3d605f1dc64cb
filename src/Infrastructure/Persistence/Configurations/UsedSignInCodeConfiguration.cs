using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class UsedSignInCodeConfiguration : IEntityTypeConfiguration<UsedSignInCode>
{
    public void Configure(EntityTypeBuilder<UsedSignInCode> builder)
    {
        builder.HasKey(c => c.Id);
        builder.Property(c => c.Id).ValueGeneratedNever();

        // Finds expired codes, oldest first.
        builder.HasIndex(c => c.ExpiresDateTime);
    }
}
