using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Benchmarks.Baselines;

/// <summary>The service's table, as EF Core sees it.</summary>
public sealed class BaselineContext(DbContextOptions<BaselineContext> options, BaselineOptions settings) : DbContext(options)
{
    /// <summary>Whole runs.</summary>
    public DbSet<StoredRun> Runs => Set<StoredRun>();

    /// <summary>Runs without their statistics, as lists show them.</summary>
    public DbSet<ListedRun> ListedRuns => Set<ListedRun>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        var stored = modelBuilder.Entity<StoredRun>();
        Map(stored.HasBaseType((Type?)null).ToTable("runs"));
        stored.Property(r => r.Statistics).HasColumnType("json");
        foreach (var number in settings.OtherNumbers)
        {
            stored.Property<long>(number);
        }

        // The same table; as a view, because EF takes two types of one table for one row in two parts.
        Map(modelBuilder.Entity<ListedRun>().ToView("runs"));
        foreach (var property in modelBuilder.Model.GetEntityTypes().SelectMany(t => t.GetProperties()))
        {
            property.SetColumnName(string.Concat(property.Name.Select((c, i) => char.IsUpper(c) ? $"{(i > 0 ? "_" : "")}{char.ToLowerInvariant(c)}" : $"{c}")));
        }
    }

    private static void Map<T>(EntityTypeBuilder<T> run)
        where T : ListedRun
    {
        run.HasKey(r => new { r.TenantId, r.Id });
        run.Property(r => r.Id).ValueGeneratedNever();
        run.Property(r => r.TenantId).ValueGeneratedNever();
        run.Property(r => r.BlockingError).HasColumnType("json");
    }
}

/// <summary>What the baselines are told.</summary>
/// <param name="ReadTenant">Whose runs are read.</param>
/// <param name="WriteTenant">Whose runs are written.</param>
/// <param name="OtherNumbers">Columns of the table that must hold a number, of which a report says nothing.</param>
public sealed record BaselineOptions(Guid ReadTenant, Guid WriteTenant, IReadOnlyList<string> OtherNumbers);
