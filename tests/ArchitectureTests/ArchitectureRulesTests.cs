using ArchUnitNET.Domain;
using ArchUnitNET.xUnitV3;

namespace IndustryData.ArchitectureTests;

public sealed class ArchitectureRulesTests
{
    public static TheoryData<string> AllRules() => [.. Rules.All.Keys];

    [Theory]
    [MemberData(nameof(AllRules))]
    public void The_rule_holds(string rule) =>
        Rules.All[rule](ArchitectureRules.Product).Check(ArchitectureRules.Architecture);

    [Fact]
    public void Every_layer_has_types()
    {
        foreach (
            var layer in (IObjectProvider<IType>[])
                [
                    ArchitectureRules.Product.Domain,
                    ArchitectureRules.Product.Application,
                    ArchitectureRules.Product.Infrastructure,
                    ArchitectureRules.Product.WebApi,
                    ArchitectureRules.Product.Dashboard,
                ]
        )
        {
            layer.GetObjects(ArchitectureRules.Architecture).Count().ShouldBeGreaterThan(5, layer.Description);
        }

        ArchitectureRules
            .Product.Everything.GetObjects(ArchitectureRules.Architecture)
            .Select(t => t.Name)
            .ShouldContain("Program");
    }

    [Fact]
    public void The_texts_of_every_layer_are_known()
    {
        ArchitectureRules.Literals.Of("IndustryData.Domain.Runs.RunErrors").ShouldContain("etagMismatch");
        ArchitectureRules.Literals.Of("IndustryData.Application.Runs.ReportedValueRules").ShouldContain("tooLong");
        ArchitectureRules.Literals.Of("IndustryData.WebApi.Runs.Json.ComplexTypeSchema").ShouldContain("@odata.type");
    }

    [Fact]
    public void The_calls_of_every_layer_are_known()
    {
        ArchitectureRules
            .Calls.Of("IndustryData.Domain.Runs.RunId")
            .ShouldContain("System.Security.Cryptography.RandomNumberGenerator.Fill");
        ArchitectureRules
            .Calls.Of("IndustryData.Application.Runs.AddRunHandler")
            .ShouldContain("System.TimeProvider.GetUtcNow");
        ArchitectureRules
            .Calls.Of("IndustryData.Infrastructure.DatabaseSchema")
            .ShouldContain("System.TimeProvider.get_System");
        ArchitectureRules.Calls.Of("Program").ShouldContain("System.TimeProvider.get_System");
    }
}
