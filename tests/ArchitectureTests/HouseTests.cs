using ArchUnitNET.Domain;
using ArchUnitNET.xUnitV3;

namespace IndustryData.ArchitectureTests;

public sealed class HouseTests
{
    public static TheoryData<string> AllRules() => [.. Rules.All.Keys];

    [Theory]
    [MemberData(nameof(AllRules))]
    public void The_rule_holds(string rule) => Rules.All[rule](House.Product).Check(House.Architecture);

    [Fact]
    public void Every_layer_has_types()
    {
        foreach (var layer in (IObjectProvider<IType>[])[House.Product.Domain, House.Product.Application, House.Product.Infrastructure, House.Product.WebApi])
        {
            layer.GetObjects(House.Architecture).Count().ShouldBeGreaterThan(5, layer.Description);
        }

        House.Product.Everything.GetObjects(House.Architecture).Select(t => t.Name).ShouldContain("Program");
    }

    [Fact]
    public void The_calls_of_every_layer_are_known()
    {
        House.Calls.Of("IndustryData.Domain.Runs.RunId").ShouldContain("System.Guid.CreateVersion7");
        House.Calls.Of("IndustryData.Application.Runs.AddRunHandler").ShouldContain("System.TimeProvider.GetUtcNow");
        House.Calls.Of("IndustryData.Infrastructure.InfrastructureServices").ShouldContain("System.TimeProvider.get_System");
        House.Calls.Of("Program").ShouldContain("System.TimeProvider.get_System");
    }
}
