using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OData;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.OData.Edm;
using Microsoft.OData.ModelBuilder;

namespace IndustryData.Benchmarks.Baselines;

/// <summary>
/// The web application with which the service is compared. It does the same work in the usual way, without the tokens,
/// validation and error responses of the service.
/// </summary>
internal static class BaselineApp
{
    // The same number of connections and of prepared statements as in the service.
    private const string LikeTheService = "Maximum Pool Size=40;Max Auto Prepare=32;No Reset On Close=true";

    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Serves requests until the process ends.</summary>
    public static async Task<int> RunAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var settings = builder.Configuration;
        var tenants = new BaselineOptions(
            settings.GetValue<Guid>("ReadTenant"),
            settings.GetValue<Guid>("WriteTenant"),
            settings["OtherNumbers"]!.Split(',', StringSplitOptions.RemoveEmptyEntries)
        );
        builder.Services.AddSingleton(tenants);
        var database = settings.GetConnectionString("IndustryData");
        builder.Services.AddDbContext<PlainContext>(options => options.UseNpgsql(database));
        builder.Services.AddDbContextPool<TunedContext>(options => options.UseNpgsql($"{database};{LikeTheService}"));
        builder
            .Services.AddControllers()
            .AddOData(options =>
                options
                    .Filter()
                    .OrderBy()
                    .Select()
                    .SetMaxTop(1000)
                    .AddRouteComponents("odata", Model())
                    .RouteOptions.EnableControllerNameCaseInsensitive = true
            );

        var app = builder.Build();
        app.MapGet("/ready", () => Results.Ok());
        app.MapPost("/ceiling", AnswerAsync);
        app.MapPost("/parsed", ParseAsync);
        app.MapPost("/plain/runs", SaveAsync<PlainContext>);
        app.MapPost("/tuned/runs", SaveAsync<TunedContext>);
        app.MapControllers();
        await app.RunAsync();
        return 0;

        static Task AnswerAsync(HttpContext http)
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        }

        static async Task ParseAsync(HttpContext http)
        {
            await JsonSerializer.DeserializeAsync<ReportedRun>(http.Request.BodyReader, _json, http.RequestAborted);
            http.Response.StatusCode = StatusCodes.Status204NoContent;
        }

        async Task SaveAsync<TContext>(HttpContext http)
            where TContext : BaselineContext
        {
            var run = await JsonSerializer.DeserializeAsync<ReportedRun>(
                http.Request.BodyReader,
                _json,
                http.RequestAborted
            );
            var context = http.RequestServices.GetRequiredService<TContext>();
            context.Add(run!.ToStored(tenants.WriteTenant, DateTimeOffset.UtcNow));
            await context.SaveChangesAsync(http.RequestAborted);
            http.Response.StatusCode = StatusCodes.Status204NoContent;
        }
    }

    private static IEdmModel Model()
    {
        var builder = new ODataConventionModelBuilder();
        builder.EnableLowerCamelCase();
        foreach (var prefix in (string[])["", "tuned"])
        {
            builder.EntitySet<ListedRun>($"{prefix}ListedRuns");
            builder.EntitySet<StoredRun>($"{prefix}Runs");
        }

        var run = builder.EntityType<ListedRun>();
        run.HasKey(r => r.Id).Ignore(r => r.TenantId);
        run.Property(r => r.Version).IsConcurrencyToken();
        return builder.GetEdmModel();
    }
}
