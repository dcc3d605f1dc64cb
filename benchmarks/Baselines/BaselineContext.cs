using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Benchmarks.Baselines;

/// <summary>As EF Core's documentation shows it: nothing is kept between requests but the connections.</summary>
public sealed class PlainContext(DbContextOptions<PlainContext> options, BaselineOptions settings)
    : BaselineContext(options, settings);

/// <summary>Pooled, with statements that the server has prepared: what somebody does who measures.</summary>
public sealed class TunedContext(DbContextOptions<TunedContext> options, BaselineOptions settings)
    : BaselineContext(options, settings);

/// <summary>The service's table, as EF Core sees it.</summary>
public abstract class BaselineContext(DbContextOptions options, BaselineOptions settings) : DbContext(options)
{
    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web);

    /// <summary>A whole run.</summary>
    public IQueryable<StoredRun> Run(Guid tenant, Guid id) =>
        Set<StoredRun>().AsNoTracking().Where(r => r.TenantId == tenant && r.Id == id);

    /// <summary>Runs without their statistics, as lists show them.</summary>
    public IQueryable<ListedRun> List(Guid tenant) => Set<ListedRun>().AsNoTracking().Where(r => r.TenantId == tenant);

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
            property.SetColumnName(
                string.Concat(
                    property.Name.Select(
                        (c, i) => char.IsUpper(c) ? $"{(i > 0 ? "_" : "")}{char.ToLowerInvariant(c)}" : $"{c}"
                    )
                )
            );
        }
    }

    private static void Map<T>(EntityTypeBuilder<T> run)
        where T : ListedRun
    {
        run.HasKey(r => new { r.TenantId, r.Id });
        run.Property(r => r.Id).ValueGeneratedNever();
        run.Property(r => r.TenantId).ValueGeneratedNever();
        run.Property(r => r.BlockingError)
            .HasColumnType("json")
            .HasConversion(
                e => JsonSerializer.Serialize(e, _json),
                e => JsonSerializer.Deserialize<PublicError>(e, _json)
            );
    }
}

/// <summary>What the baselines are told.</summary>
/// <param name="ReadTenant">Whose runs are read.</param>
/// <param name="WriteTenant">Whose runs are written.</param>
/// <param name="OtherNumbers">Columns of the table that must hold a number, of which a report says nothing.</param>
public sealed record BaselineOptions(Guid ReadTenant, Guid WriteTenant, IReadOnlyList<string> OtherNumbers);
