using IndustryData.Domain.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class RunConfiguration : IEntityTypeConfiguration<Run>
{
    /// <summary>The name of the shadow property with the number of the last change.</summary>
    public const string ChangeNumber = "ChangeNumber";

    public void Configure(EntityTypeBuilder<Run> builder)
    {
        // The table is partitioned by ranges of the id. EF Core cannot express that, so SQL of the first migration
        // creates it.
        builder.HasKey(r => new { r.TenantId, r.Id });
        builder.Property(r => r.TenantId).ValueGeneratedNever();
        builder.Property(r => r.Id).ValueGeneratedNever();

        // The collation "C" sorts strings by code point, in the same way on every server.
        builder
            .Property(r => r.DisplayName)
            .HasMaxLength(DisplayName.MaxLength)
            .HasColumnType("text")
            .UseCollation("C");
        builder.Property(r => r.BlockingError).HasColumnType("json");
        builder.Property(r => r.Version).IsConcurrencyToken();

        // The number of the transaction that last changed the run. It is not part of the domain model. Delta queries
        // use it.
        builder
            .Property<long>(ChangeNumber)
            .HasDefaultValueSql("change_number(pg_current_xact_id())")
            .ValueGeneratedNever();
        builder.ComplexProperty(
            r => r.Statistics,
            statistics =>
            {
                // The type json, unlike jsonb, returns numbers and text exactly as they were sent.
                statistics.Property(s => s.Json).HasColumnName("statistics").HasColumnType("json");
                statistics.ComplexProperty(
                    s => s.InboundTotals,
                    totals =>
                    {
                        totals.Property(t => t.Errors).HasColumnName("inbound_errors");
                        totals.Property(t => t.Warnings).HasColumnName("inbound_warnings");
                        totals.Property(t => t.Groups).HasColumnName("inbound_groups");
                        totals.Property(t => t.Memberships).HasColumnName("inbound_memberships");
                        totals.Property(t => t.Organizations).HasColumnName("inbound_organizations");
                        totals.Property(t => t.People).HasColumnName("inbound_people");
                    }
                );
            }
        );

        // No foreign key references runs, because it would prevent detaching a partition.
        builder.Ignore(r => r.Activities);

        // The default order of lists.
        builder
            .HasIndex(r => new
            {
                r.TenantId,
                r.StartDateTime,
                r.Id,
            })
            .IsDescending(false, true, true);

        // The most frequent query of dashboards: the latest failed runs, even if only few of all runs have failed.
        builder
            .HasIndex(r => new
            {
                r.TenantId,
                r.Status,
                r.StartDateTime,
                r.Id,
            })
            .IsDescending(false, false, true, true);

        // Delta queries for the changes since a change number.
        builder.HasIndex(["TenantId", ChangeNumber, "Id"]);
    }
}
