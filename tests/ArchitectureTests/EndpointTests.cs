using IndustryData.WebApi.Cli;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OpenApi;
using IndustryData.WebApi.Security;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace IndustryData.ArchitectureTests;

/// <summary>
/// Checks the routes of the service. The service is built but not started, so that it needs no database.
/// </summary>
public sealed class EndpointTests : IAsyncDisposable
{
    /// <summary>The routes that need no token, with the reasons.</summary>
    private static readonly Dictionary<string, string> _anonymous = new()
    {
        ["GET,HEAD /"] = "the service document contains no data, and clients read it first (contract §8)",
        ["GET,HEAD /$metadata"] = "the model contains no data, and tools read it before they sign in (contract §8)",
        ["GET,HEAD /health/live"] = "monitoring has no token, and the response states only that the process runs",
        ["GET,HEAD /health/ready"] = "as above, and the response states only whether the database is available",
        ["GET,HEAD /openapi/v1.json"] =
            "the description contains no data, and tools read it before they sign in (contract §8)",
        ["GET,HEAD /docs/{documentName?}"] = "as above, for people",
        ["GET,HEAD /docs/scalar.js"] = "part of the page",
        ["GET,HEAD /docs/scalar.aspnetcore.js"] = "part of the page",
        ["GET,HEAD /docs/favicon.svg"] = "part of the page",
        ["GET,HEAD /ui/a/{hash}/{name}"] = "styles, scripts and icons of the pages, which contain no data",
        ["GET,HEAD /ui/sign-in"] = "the page to sign in, which contains no data (contract §8)",
        ["POST /ui/sign-in"] = "it starts a session for a code or a token, which it validates",
        ["GET,HEAD /ui/sign-in/start/{provider}"] = "it sends people without a session to their identity provider",
        ["GET,HEAD /ui/sign-in/callback/{provider}"] = "it starts a session for a code of the provider",
    };

    /// <summary>
    /// The routes with a method that can change data but without the permission to write, with the reasons.
    /// </summary>
    private static readonly Dictionary<string, string> _handingOn = new()
    {
        ["POST /$batch"] =
            "it changes no data itself: each request in it goes to a route that requires its own permission",
        ["POST /ui/sign-in"] = "it sets a cookie of the caller's browser, for a code or a token that it validates",
        ["POST /ui/sign-out"] = "it ends the caller's session; it checks the permission before it ends those of others",
        ["POST /ui/settings/token"] = "it stores nothing, and the token has no permission that the caller lacks",
        ["POST /ui/settings"] = "it sets cookies of the caller's browser and stores nothing",
    };

    /// <summary>The routes that the OpenAPI document omits, with the reasons.</summary>
    private static readonly Dictionary<string, string> _undescribed = new()
    {
        ["GET,HEAD /docs/{documentName?}"] = "it is a page for people",
        ["GET,HEAD /docs/scalar.js"] = "part of the page",
        ["GET,HEAD /docs/scalar.aspnetcore.js"] = "part of the page",
        ["GET,HEAD /docs/favicon.svg"] = "part of the page",
        ["GET,HEAD /ui/a/{hash}/{name}"] = "part of the pages",
        ["GET,HEAD /ui/sign-in"] = "it is a page for people",
        ["GET,HEAD /ui/sign-in/start/{provider}"] = "part of that page",
        ["GET,HEAD /ui/sign-in/callback/{provider}"] = "as above, for identity providers",
    };

    private readonly WebApplication _app = ServeCommand.Build(
        WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory }),
        "Host=nowhere.invalid",
        new TokenOptions { SigningKeys = { Convert.ToBase64String(new byte[32]) } }
    );

    private RouteEndpoint[] Routes => RoutesOf(_app);

    [Fact]
    public void The_routes_are_those_of_the_service()
    {
        var shown = Routes.Select(EndpointRules.Show).ToList();

        Routes.Length.ShouldBe(((IEndpointRouteBuilder)_app).DataSources.Sum(s => s.Endpoints.Count));
        shown.ShouldBeUnique();
        shown.ShouldContain("POST /process/runs/$ref");
        shown.ShouldContain("POST /external/industryData/runs");
        shown.ShouldContain("GET,HEAD /process/runs/{id}");
    }

    [Fact]
    public void Who_may_call_is_decided_for_every_route() => EndpointRules.Undecided(Routes).ShouldBeEmpty();

    [Fact]
    public void Everybody_may_call_only_what_a_reason_is_given_for() =>
        EndpointRules.AnonymousWithoutReason(Routes, _anonymous).ShouldBeEmpty();

    [Fact]
    public void What_is_offered_is_described() => EndpointRules.Undescribed(Routes, _undescribed).ShouldBeEmpty();

    [Fact]
    public void Every_route_has_an_entry_in_the_description_or_is_another_spelling_of_one_that_has()
    {
        var document = new OpenApiDocument();
        ApiDocument.Fill(document, Routes);

        foreach (var route in Routes.Where(r => r.Metadata.GetMetadata<OperationDescription>() is not null))
        {
            var path = route.RoutePattern.RawText!;
            var id = ApiDocument.IdOf(route, route.Metadata.GetMetadata<OperationDescription>()!);
            var (entryPath, method, entry) = (
                from item in document.Paths
                from operation in item.Value.Operations!
                where operation.Value.OperationId == id
                select (item.Key, operation.Key.Method, operation.Value)
            ).ShouldHaveSingleItem();

            method.ShouldBe(
                ApiDocument.MethodOf(route),
                $"{path} and {entryPath} both have the operation id {id}: give one of them another id"
            );
            if (path != entryPath)
            {
                entry.Description.ShouldNotBeNull().ShouldContain($"`{path}`");
            }
        }
    }

    [Fact]
    public void Every_reason_is_for_a_route_that_there_is() =>
        _anonymous
            .Keys.Concat(_handingOn.Keys)
            .Concat(_undescribed.Keys)
            .ShouldBeSubsetOf(Routes.Select(EndpointRules.Show));

    [Fact]
    public void Every_route_documents_its_statuses() => EndpointRules.Undocumented(Routes).ShouldBeEmpty();

    [Fact]
    public void What_changes_something_asks_for_the_permission_to() =>
        EndpointRules.MutatingWithoutPermission(Routes, _handingOn).ShouldBeEmpty();

    [Fact]
    public void Route_names_its_methods_or_is_marked_to_refuse_all_of_them() =>
        EndpointRules.TakingEveryMethod(Routes).ShouldBeEmpty();

    [Fact]
    public async Task A_route_that_decided_nothing_would_still_ask_for_a_token()
    {
        var fallback = await _app.Services.GetRequiredService<IAuthorizationPolicyProvider>().GetFallbackPolicyAsync();

        fallback.ShouldNotBeNull().Requirements.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Each_rule_names_the_routes_that_break_it()
    {
        await using var app = WebApplication.CreateBuilder().Build();
        var (ok, unauthorized, forbidden) = (
            new ProducesResponseTypeMetadata(200),
            new ProducesResponseTypeMetadata(401),
            new ProducesResponseTypeMetadata(403)
        );
        var notSupported = new ProducesResponseTypeMetadata(501);
        RequestDelegate nothing = _ => Task.CompletedTask;
        app.MapGet("/good", nothing).RequireAuthorization("read").WithMetadata(ok, unauthorized, forbidden);
        app.MapPost("/good", nothing).RequireAuthorization("write").WithMetadata(ok, unauthorized, forbidden);
        app.MapPost("/start", nothing).RequireAuthorization("start").WithMetadata(ok, unauthorized, forbidden);
        app.MapPost("/refusing", nothing)
            .RequireAuthorization("read")
            .WithMetadata(unauthorized, forbidden, notSupported);
        app.MapGet("/open", nothing).AllowAnonymous().WithMetadata(ok);
        app.MapGet("/undecided", nothing).WithMetadata(ok, unauthorized, forbidden);
        app.MapGet("/misnamed", nothing).RequireAuthorization("raed").WithMetadata(ok, unauthorized, forbidden);
        app.MapGet("/unexplained", nothing).AllowAnonymous().WithMetadata(ok);
        app.MapGet("/silent", nothing).RequireAuthorization("read");
        app.MapGet("/silent-anonymous", nothing).AllowAnonymous();
        app.MapGet("/never-403", nothing).RequireAuthorization("read").WithMetadata(ok, unauthorized);
        app.MapGet("/never-401", nothing).RequireAuthorization("read").WithMetadata(ok, forbidden);
        app.MapDelete("/read", nothing).RequireAuthorization("read").WithMetadata(ok, unauthorized, forbidden);
        app.Map("/refusing-all", nothing)
            .RequireAuthorization("write")
            .WithMetadata(OnlyRefuses.Instance, unauthorized, forbidden);
        app.Map("/any", nothing).RequireAuthorization("read").WithMetadata(ok, unauthorized, forbidden);
        app.MapPatch("/free", nothing).RequireAuthorization("write").AllowAnonymous().WithMetadata(ok);
        app.MapPost("/handing-on", nothing).RequireAuthorization("none").WithMetadata(ok, unauthorized, forbidden);
        app.MapPost("/unexplained", nothing).RequireAuthorization("none").WithMetadata(ok, unauthorized, forbidden);
        app.MapPut("/sometimes", nothing)
            .RequireAuthorization("read")
            .WithMetadata(unauthorized, forbidden, new ProducesResponseTypeMetadata(204), notSupported);
        var reasons = new Dictionary<string, string>
        {
            ["GET /open"] = "…",
            ["GET /silent-anonymous"] = "…",
            ["PATCH /free"] = "…",
        };
        var handingOn = new Dictionary<string, string> { ["POST /handing-on"] = "…" };
        var operation = new OperationDescription("id", "GET", null, "…", "…")
        {
            Headers = [new RequestHeader("X-Request", "X-Request", "…", null)],
            Answers =
            [
                ResponseDescription.Ok("…", "…"),
                ResponseDescription.Accepted("…", new ResponseHeader("X-Response", "…")),
            ],
        };
        await using var describing = WebApplication.CreateBuilder().Build();
        describing
            .MapGet("/good", nothing)
            .WithMetadata(ok)
            .WithMetadata(operation with { Headers = [], Answers = [ResponseDescription.Ok("…", "…")] });
        describing.MapGet("/silent", nothing).WithMetadata(ok);
        describing.MapGet("/refusing", nothing).WithMetadata(notSupported);
        describing.MapMethods("/methods", ["OPTIONS"], nothing).WithMetadata(ok);
        describing.MapGet("/page", nothing).WithMetadata(ok);
        describing
            .MapGet("/bad/{what}", nothing)
            .WithMetadata(
                ok,
                new ProducesResponseTypeMetadata(204),
                new ProducesResponseTypeMetadata(418),
                new SupportedQueryOptions(["$bogus"])
            )
            .WithMetadata(operation);
        var routes = RoutesOf(app);

        EndpointRules
            .Undescribed(RoutesOf(describing), new Dictionary<string, string> { ["GET /page"] = "…" })
            .ShouldBe([
                "GET /silent: the OpenAPI document does not describe it: "
                    + "map it with MapOperation and a description as in RunOperations.cs, "
                    + "or add the reason to EndpointTests",
                "GET /bad/{what}: add the meaning of 204 to the Answers of id",
                "GET /bad/{what}: id has an Answer 202, which is not a status of the route: "
                    + "map the route with MapOperation, or remove the Answer",
                "GET /bad/{what}: add 418 to ErrorStatus.All",
                "GET /bad/{what}: add {what} to Parameters.PathParameters",
                "GET /bad/{what}: add $bogus to Parameters.Options",
                "GET /bad/{what}: add X-Request to RequestHeader.All",
                "GET /bad/{what}: add X-Response to ResponseHeader.All",
            ]);
        EndpointRules.TakingEveryMethod(routes).ShouldBe(["ANY /any"]);
        EndpointRules.Undecided(routes).ShouldBe(["GET /undecided", "GET /misnamed"]);
        EndpointRules.AnonymousWithoutReason(routes, reasons).ShouldBe(["GET /unexplained"]);
        EndpointRules
            .Undocumented(routes)
            .ShouldBe(["GET /silent", "GET /silent-anonymous", "GET /never-403", "GET /never-401"]);
        EndpointRules
            .MutatingWithoutPermission(routes, handingOn)
            .ShouldBe(["DELETE /read", "ANY /any", "PATCH /free", "POST /unexplained", "PUT /sometimes"]);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static RouteEndpoint[] RoutesOf(IEndpointRouteBuilder app) =>
        [.. app.DataSources.SelectMany(s => s.Endpoints).OfType<RouteEndpoint>()];
}
