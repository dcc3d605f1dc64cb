using IndustryData.WebApi.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace IndustryData.WebApi.FunctionalTests.Http;

public sealed class AllowedMethodsTests
{
    [Fact]
    public async Task Options_of_a_route_that_takes_every_method_does_not_run_it_before_authorization()
    {
        (
            await OptionsAsync(run => new RouteEndpoint(
                run,
                RoutePatternFactory.Parse("/any"),
                0,
                EndpointMetadataCollection.Empty,
                "any"
            ))
        ).ShouldBe((false, true));
    }

    [Fact]
    public async Task Options_of_a_route_that_only_refuses_is_answered_by_it()
    {
        (
            await OptionsAsync(run => new RouteEndpoint(
                run,
                RoutePatternFactory.Parse("/any"),
                0,
                new EndpointMetadataCollection(OnlyRefuses.Instance),
                "any"
            ))
        ).ShouldBe((true, false));
        (await OptionsAsync(run => new Endpoint(run, EndpointMetadataCollection.Empty, "405"))).ShouldBe((true, false));
    }

    private static async Task<(bool RanEndpoint, bool WentOn)> OptionsAsync(Func<RequestDelegate, Endpoint> endpoint)
    {
        var (ran, wentOn) = (false, false);
        var http = new DefaultHttpContext { Request = { Method = "OPTIONS", Path = "/any" } };
        http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = "/any";
        http.SetEndpoint(
            endpoint(_ =>
            {
                ran = true;
                return Task.CompletedTask;
            })
        );
        await OptionsMiddleware.InvokeAsync(
            http,
            _ =>
            {
                wentOn = true;
                return Task.CompletedTask;
            }
        );
        return (ran, wentOn);
    }
}
