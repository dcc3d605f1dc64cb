using IndustryData.Dashboard;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Ui;

/// <summary>Maps the pages for people (contract §12).</summary>
internal static class UiEndpoints
{
    /// <summary>Registers the services of the pages.</summary>
    public static void AddUi(this IServiceCollection services)
    {
        services.AddResponseCompression(compression =>
        {
            compression.EnableForHttps = true;
            compression.MimeTypes = [MediaTypes.Html, "text/csv"];
        });
        services.AddDashboard();
        services.AddSingleton<IDashboardHost, DashboardHost>();
    }

    /// <summary>Compresses the pages. The responses of the interface are not compressed.</summary>
    // Compressed pages reveal secrets by their length if they repeat text of the request. The pages contain no secret
    // that stays the same: the session is a cookie that scripts cannot read, forms have no tokens, and each response
    // with a created token has another one.
    public static void UseUi(this IApplicationBuilder app) =>
        app.UseWhen(
            http => http.GetEndpoint()?.Metadata.GetMetadata<ErrorPage>() is not null,
            pages => pages.UseResponseCompression()
        );

    public static void MapUi(this IEndpointRouteBuilder routes)
    {
        routes.MapDashboard(
            Permissions.Read.Policy,
            Permissions.Read,
            new ErrorPage(DashboardEndpoints.WriteErrorPageAsync)
        );
        routes.MapSignIn();
        routes.MapTokens();
    }
}
