using IndustryData.Domain.Runs;
using IndustryData.WebApi.OData;

namespace IndustryData.WebApi.FunctionalTests.OData;

public sealed class ParsedOptionsTests
{
    private static readonly TenantId _one = new(Tokens.Tenant);
    private static readonly TenantId _other = new(Tokens.OtherTenant);

    private readonly QueryOptionCache _options = new();

    [Fact]
    public void Text_is_parsed_once_for_a_tenant()
    {
        var first = Parse(_one, "a");

        Parse(_one, "a").ShouldBeSameAs(first);
    }

    [Fact]
    public void Text_of_one_tenant_is_not_remembered_for_another()
    {
        Parse(_one, "a");

        _options.Remembers(_one, "$filter", "a").ShouldBeTrue();
        _options.Remembers(_other, "$filter", "a").ShouldBeFalse();
        Parse(_other, "a").ShouldNotBeSameAs(Parse(_one, "a"));
    }

    [Fact]
    public void Many_texts_of_one_tenant_evict_none_of_another()
    {
        Parse(_one, "mine");
        for (var i = 0; i < 5000; i++)
        {
            Parse(_other, $"{i}");
        }

        _options.Remembers(_one, "$filter", "mine").ShouldBeTrue();
        Enumerable
            .Range(0, 5000)
            .Count(i => _options.Remembers(_other, "$filter", $"{i}"))
            .ShouldBeLessThanOrEqualTo(2 * QueryOptionCache.MaxEntries);
        _options.Remembers(_other, "$filter", "4999").ShouldBeTrue();
    }

    [Fact]
    public void Text_that_is_used_again_and_again_stays_remembered()
    {
        var first = Parse(_one, "mine");
        for (var i = 0; i < 1000; i++)
        {
            Parse(_one, $"{i}");
            Parse(_one, "mine").ShouldBeSameAs(first);
        }
    }

    private object Parse(TenantId tenantId, string text) =>
        _options.Parse(tenantId, "$filter", text, _ => new object());
}
