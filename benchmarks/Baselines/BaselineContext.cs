using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IndustryData.Benchmarks.Baselines;

/// <summary>
/// The context as in the documentation of EF Core. Only the connections are reused between requests.
/// </summary>
public sealed class PlainContext(DbContextOptions<PlainContext> options, BaselineOptions settings)
    : BaselineContext(options, settings);

/// <summary>The pooled context with statements that the server has prepared. It is tuned for performance.</summary>
public sealed class TunedContext(DbContextOptions<TunedContext> options, BaselineOptions settings)
    : BaselineContext(options, settings);

/// <summary>The EF Core model of the table <c>runs</c> of the service.</summary>
public abstract class BaselineContext(DbContextOptions options, BaselineOptions settings) : DbContext(options)
{
    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web);

    /// <summary>Queries a run with all its columns.</summary>
    public IQueryable<StoredRun> Run(Guid tenant, Guid id) =>
        Set<StoredRun>().AsNoTracking().Where(r => r.TenantId == tenant && r.Id == id);

    /// <summary>Queries runs without their statistics, as in lists.</summary>
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

        // This maps the same table as a view, because EF Core treats two types of one table as parts of the same row.
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

/// <summary>The options of the baselines.</summary>
/// <param name="ReadTenant">The tenant of the runs that are read.</param>
/// <param name="WriteTenant">The tenant of the runs that are written.</param>
/// <param name="OtherNumbers">The required number columns that a reported run does not contain.</param>
public sealed record BaselineOptions(Guid ReadTenant, Guid WriteTenant, IReadOnlyList<string> OtherNumbers);
