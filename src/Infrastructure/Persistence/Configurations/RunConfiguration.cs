using IndustryData.Domain.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Infrastructure.Persistence.Configurations;

internal sealed class RunConfiguration : IEntityTypeConfiguration<Run>
{
    /// <summary>The number of the last change, as EF knows it.</summary>
    public const string ChangeNumber = "ChangeNumber";

    public void Configure(EntityTypeBuilder<Run> builder)
    {
        // Partitioned by quarter of the id, which EF cannot say: the first migration does.
        builder.ToTable("runs");
        builder.HasKey(r => new { r.TenantId, r.Id }).HasName("runs_pkey");
        builder.Property(r => r.TenantId).HasColumnName("tenant_id").ValueGeneratedNever();
        builder.Property(r => r.Id).HasColumnName("id").ValueGeneratedNever();

        // "C": texts sort by code point, the same on every server.
        builder.Property(r => r.DisplayName).HasColumnName("display_name").HasMaxLength(DisplayName.MaxLength).HasColumnType("text").UseCollation("C");
        builder.Property(r => r.StartDateTime).HasColumnName("start_date_time");
        builder.Property(r => r.EndDateTime).HasColumnName("end_date_time");
        builder.Property(r => r.Status).HasColumnName("status");
        builder.Property(r => r.BlockingError).HasColumnName("blocking_error").HasColumnType("json");
        builder.Property(r => r.CreatedDateTime).HasColumnName("created_date_time");
        builder.Property(r => r.LastModifiedDateTime).HasColumnName("last_modified_date_time");
        builder.Property(r => r.Version).HasColumnName("version").IsConcurrencyToken();

        // Which transaction last changed the run: not the domain's business, but of those who follow the changes.
        builder.Property<long>(ChangeNumber).HasColumnName("change_number").HasDefaultValueSql("change_number(pg_current_xact_id())").ValueGeneratedNever();
        builder.ComplexProperty(r => r.Statistics, statistics =>
        {
            // json, not jsonb: comes back as sent, to the digit.
            statistics.Property(s => s.Json).HasColumnName("statistics").HasColumnType("json");
            statistics.ComplexProperty(s => s.InboundTotals, totals =>
            {
                totals.Property(t => t.Errors).HasColumnName("inbound_errors");
                totals.Property(t => t.Warnings).HasColumnName("inbound_warnings");
                totals.Property(t => t.Groups).HasColumnName("inbound_groups");
                totals.Property(t => t.Memberships).HasColumnName("inbound_memberships");
                totals.Property(t => t.Organizations).HasColumnName("inbound_organizations");
                totals.Property(t => t.People).HasColumnName("inbound_people");
            });
        });

        // No foreign key points at runs: it would forbid detaching a partition.
        builder.Ignore(r => r.Activities);

        // The default order of every list.
        builder.HasIndex(r => new { r.TenantId, r.StartDateTime, r.Id }, "runs_newest").IsDescending(false, true, true);

        // What dashboards ask for most: the latest that failed, however few they are among all.
        builder.HasIndex(r => new { r.TenantId, r.Status, r.StartDateTime, r.Id }, "runs_by_status").IsDescending(false, false, true, true);

        // What changed since, for those who follow.
        builder.HasIndex(["TenantId", ChangeNumber, "Id"], "runs_changes");
    }
}
