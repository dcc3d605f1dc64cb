using System.Text.RegularExpressions;
using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using IndustryData.Application;
using IndustryData.Dashboard;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure;
using IndustryData.WebApi.Cli;
using static ArchUnitNET.Fluent.ArchRuleDefinition;
using Assembly = System.Reflection.Assembly;

namespace IndustryData.ArchitectureTests;

/// <summary>
/// The types to which the rules apply, by layer. They are the types of the product, the types of the namespace
/// <c>Broken</c>, or no types.
/// </summary>
internal sealed class ArchitectureRules
{
    // A source generator writes the mediator, and `dotnet ef` writes the migrations.
    private const string Generated = @"^(Mediator|Microsoft)(\.|$)|\.Migrations$";

    private static readonly Assembly[] _assemblies =
    [
        typeof(Run).Assembly,
        typeof(ApplicationServiceCollectionExtensions).Assembly,
        typeof(InfrastructureServiceCollectionExtensions).Assembly,
        typeof(ServeCommand).Assembly,
        typeof(DashboardEndpoints).Assembly,
        typeof(ArchitectureRules).Assembly,
    ];

    private ArchitectureRules(string name, Func<string, IObjectProvider<IType>> layer)
    {
        Domain = layer(nameof(Domain));
        Application = layer(nameof(Application));
        Infrastructure = layer(nameof(Infrastructure));
        WebApi = layer(nameof(WebApi));
        Dashboard = layer(nameof(Dashboard));
        Everything = Types()
            .That()
            .Are(Domain)
            .Or()
            .Are(Application)
            .Or()
            .Are(Infrastructure)
            .Or()
            .Are(WebApi)
            .As($"the types of {name}");
    }

    /// <summary>The types of all assemblies. They are read once.</summary>
    public static Architecture Architecture { get; } = new ArchLoader().LoadAssemblies(_assemblies).Build();

    /// <summary>The method calls in these assemblies.</summary>
    public static Calls Calls { get; } = new(_assemblies);

    /// <summary>The string literals in these assemblies.</summary>
    public static Literals Literals { get; } = new(_assemblies);

    public static ArchitectureRules Product { get; } =
        new(
            "the product",
            layer =>
                Types()
                    .That()
                    .ResideInAssemblyMatching($@"^IndustryData\.{layer}(,|$)")
                    .And()
                    .DoNotResideInNamespaceMatching(Generated)
                    .As(layer)
        );

    public static ArchitectureRules Broken { get; } =
        new(
            "the namespace Broken",
            layer =>
                Types()
                    .That()
                    .ResideInNamespaceMatching(
                        $@"^{Regex.Escape(typeof(ArchitectureRules).Namespace!)}\.Broken\.{layer}(\.|$)"
                    )
                    .As($"broken {layer}")
        );

    public static ArchitectureRules Empty { get; } = new("nothing", _ => Types().That().ResideInNamespace("Nothing"));

    public IObjectProvider<IType> Domain { get; }

    public IObjectProvider<IType> Application { get; }

    public IObjectProvider<IType> Infrastructure { get; }

    public IObjectProvider<IType> WebApi { get; }

    public IObjectProvider<IType> Dashboard { get; }

    /// <summary>
    /// The types of the layers that are written in C# alone. The compiler writes the classes of components.
    /// </summary>
    public IObjectProvider<IType> Everything { get; }
}
