using System.Text.RegularExpressions;
using ArchUnitNET.Domain;
using ArchUnitNET.Fluent;
using ArchUnitNET.Fluent.Conditions;
using AutoMapper;
using FluentValidation;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;
using Microsoft.EntityFrameworkCore;
using static ArchUnitNET.Fluent.ArchRuleDefinition;

namespace IndustryData.ArchitectureTests;

#pragma warning disable CA1859 // All rules have the same type, so that one test can check them all.

/// <summary>The architecture rules.</summary>
internal static class Rules
{
    // Other code finds classes of these types by their interface or base class, and never by their name.
    private static readonly Type[] _found =
    [
        typeof(ICommandHandler<,>),
        typeof(IQueryHandler<,>),
        typeof(IStreamQueryHandler<,>),
        typeof(IPipelineBehavior<,>),
        typeof(IStreamPipelineBehavior<,>),
        typeof(IValidator<>),
        typeof(Profile),
        typeof(IEntityTypeConfiguration<>),
    ];

    private static readonly Type[] _messages = [typeof(IMessage), typeof(IStreamMessage)];

    private static readonly string[] _clocks =
    [
        .. from type in (Type[])[typeof(DateTime), typeof(DateTimeOffset)]
        from property in (string[])["Now", "UtcNow", "Today"]
        select $"{type.FullName}.get_{property}",
    ];

    // Names of Graph, annotations of OData, and the form of entity tags.
    private static readonly string[] _wireFormats = ["microsoft.graph", "@odata", "W/\""];

    private static readonly string[] _httpTerms =
    [
        "HTTP",
        "ETag",
        "If-Match",
        "Location",
        "Retry-After",
        "Prefer",
        "POST",
        "PATCH",
        "/runs",
    ];

    // A namespace of the WebApi depends only on namespaces of the lines above its own.
    private static readonly string[][] _webApiOrder =
    [
        ["Security"],
        ["Http"],
        ["OData"],
        ["Runs", "Batch", "Service"],
        ["OpenApi", "Ui"],
        ["Cli"],
    ];

    private static readonly string[] _statusWriters =
    [
        "Microsoft.AspNetCore.Http.HttpResponse.set_StatusCode",
        "IndustryData.WebApi.Http.GraphErrors.WriteStatusAsync",
        "IndustryData.WebApi.Http.ErrorStatus..ctor",
    ];

    private static readonly string[] _factories = ["Create", "New", "Parse", "TryParse", "FromGuid", "FromStorage"];

    /// <summary>All rules by their names.</summary>
    public static IReadOnlyDictionary<string, Func<ArchitectureRules, IArchRule>> All { get; } =
        (
            (Func<ArchitectureRules, IArchRule>[])
                [
                    DomainNeedsNothingButDotNet,
                    ApplicationKnowsNeitherDatabaseNorHttp,
                    InfrastructureKnowsNoHttp,
                    OnlyWebApiNamesWireFormats,
                    DomainSpeaksNoHttp,
                    ValuesAreMadeByTheirFactories,
                    MessagesCarryNoErrors,
                    OnlyCompositionNamesInfrastructure,
                    DashboardKnowsOnlyApplication,
                    WebApiNamespacesFormNoCycle,
                    OnlyHttpNamesStatusCodes,
                    ClassesAreSealedUnlessInherited,
                    WhatIsFoundByItsInterfaceIsInternal,
                    MessagesArePublicSealedRecords,
                    WhatApplicationShowsIsASealedRecord,
                    WhatApplicationShowsHasNoPublicSetter,
                    InfrastructureTakesNoMessages,
                    NobodyReadsTheMachinesClock,
                    OnlyRunIdMakesVersion7Guids,
                ]
        ).ToDictionary(rule => rule.Method.Name);

    // ArchUnitNET's own OnlyDependOn checks only the types of the loaded assemblies, so a dependency on a package would
    // pass.
    private static IArchRule DomainNeedsNothingButDotNet(ArchitectureRules house)
    {
        var allowed = house
            .Domain.GetObjects(ArchitectureRules.Architecture)
            .Select(t => t.Namespace.FullName)
            .ToHashSet();
        bool IsForeign(IType type) =>
            type.Namespace.FullName is var name
            && name != "System"
            && !name.StartsWith("System.", StringComparison.Ordinal)
            && !allowed.Contains(name);
        string NamesOfForeign(IType type)
        {
            var foreign = type.Dependencies.Select(d => d.Target).Where(IsForeign);
            return string.Join(", ", foreign.Select(t => t.FullName).Distinct());
        }

        return Types()
            .That()
            .Are(house.Domain)
            .Should()
            .FollowCustomCondition(
                type => new ConditionResult(
                    type,
                    !type.Dependencies.Any(d => IsForeign(d.Target)),
                    $"depends on {NamesOfForeign(type)}"
                ),
                "not depend on anything but .NET itself"
            );
    }

    private static IArchRule ApplicationKnowsNeitherDatabaseNorHttp(ArchitectureRules house) =>
        Types()
            .That()
            .Are(house.Application)
            .Should()
            .NotDependOnAny(
                Types(true)
                    .That()
                    .Are(house.Infrastructure)
                    .Or()
                    .Are(house.WebApi)
                    .Or()
                    .ResideInNamespaceMatching(
                        @"^(Npgsql|Microsoft\.EntityFrameworkCore|Microsoft\.AspNetCore|System\.Data|System\.Net)(\.|$)"
                    )
            );

    private static IArchRule InfrastructureKnowsNoHttp(ArchitectureRules house) =>
        Types()
            .That()
            .Are(house.Infrastructure)
            .Should()
            .NotDependOnAny(
                Types(true).That().Are(house.WebApi).Or().ResideInNamespaceMatching(@"^Microsoft\.AspNetCore(\.|$)")
            );

    private static IArchRule OnlyWebApiNamesWireFormats(ArchitectureRules house) =>
        NoTypeSays(
            Types().That().Are(house.Domain).Or().Are(house.Application).Or().Are(house.Infrastructure),
            _wireFormats
        );

    private static IArchRule DomainSpeaksNoHttp(ArchitectureRules house) =>
        NoTypeSays(Types().That().Are(house.Domain), _httpTerms);

    // A type with a factory would have no effect on what can exist if others could call its constructor.
    private static IArchRule ValuesAreMadeByTheirFactories(ArchitectureRules house) =>
        Types()
            .That()
            .Are(house.Domain)
            .Should()
            .FollowCustomCondition(
                type => new ConditionResult(
                    type,
                    !HasFactory(type) || ConstructorsOf(type).All(c => c.Visibility == Visibility.Private),
                    "has a factory, but also a constructor that is not private"
                ),
                "have private constructors only, if they have a factory"
            );

    // The WebApi keeps the errors of a body. A message with errors would be a message that must not be sent.
    private static IArchRule MessagesCarryNoErrors(ArchitectureRules house) =>
        Types()
            .That()
            .Are(house.Everything)
            .And()
            .AreAssignableTo(typeof(IMessage))
            .Should()
            .NotDependOnAny(typeof(ValidationErrors), typeof(Error));

    // The composition consists of the commands and of Program.cs, whose types have no namespace.
    private static IArchRule OnlyCompositionNamesInfrastructure(ArchitectureRules house) =>
        Types()
            .That()
            .Are(house.WebApi)
            .And()
            .DoNotResideInNamespaceMatching(@"^$|\.WebApi\.Cli$")
            .Should()
            .NotDependOnAny(house.Infrastructure);

    private static IArchRule DashboardKnowsOnlyApplication(ArchitectureRules house) =>
        Types()
            .That()
            .Are(house.Dashboard)
            .Should()
            .NotDependOnAny(
                Types(true)
                    .That()
                    .Are(house.Infrastructure)
                    .Or()
                    .Are(house.WebApi)
                    .Or()
                    .ResideInNamespaceMatching(@"^(Npgsql|Microsoft\.EntityFrameworkCore|Microsoft\.OData)(\.|$)")
            );

    private static IArchRule WebApiNamespacesFormNoCycle(ArchitectureRules house) =>
        Types()
            .That()
            .Are(house.WebApi)
            .And()
            .ResideInNamespaceMatching(@"\.WebApi\.\w")
            .Should()
            .FollowCustomCondition(
                type => new ConditionResult(
                    type,
                    !ForbiddenTargets(type).Any(),
                    $"depends on {string.Join(", ", ForbiddenTargets(type).Select(t => t.FullName).Distinct())}"
                ),
                "depend only on namespaces below their own: "
                    + string.Join(" < ", _webApiOrder.Select(line => string.Join(", ", line)))
            );

    private static IEnumerable<IType> ForbiddenTargets(IType type) =>
        type
            .Dependencies.Select(d => d.Target)
            .Where(target =>
                WebApiNamespace(target) is { } name
                && name != WebApiNamespace(type)
                && (LineOf(name) < 0 || LineOf(name) >= LineOf(WebApiNamespace(type)!))
            );

    private static string? WebApiNamespace(IType type) =>
        Regex.Match(type.Namespace?.FullName ?? "", @"\.WebApi\.(\w+)") is { Success: true } match
            ? match.Groups[1].Value
            : null;

    private static int LineOf(string name) => Array.FindIndex(_webApiOrder, line => line.Contains(name));

    private static IArchRule OnlyHttpNamesStatusCodes(ArchitectureRules house) =>
        NoTypeCalls(
            Types().That().Are(house.WebApi).And().DoNotResideInNamespaceMatching(@"\.WebApi\.Http$"),
            _statusWriters,
            "use the methods of WebApi.Http that name the response"
        );

    private static IArchRule ClassesAreSealedUnlessInherited(ArchitectureRules house) =>
        Classes()
            .That()
            .Are(house.Everything)
            .And()
            .DoNotHaveFullName("Program") // the compiler declares it
            .Should()
            .FollowCustomCondition(
                @class => new ConditionResult(
                    @class,
                    @class.IsSealed is true || @class.IsAbstract is true || IsInherited(@class),
                    "is not sealed, and no class inherits it"
                ),
                "be sealed, static, abstract or inherited"
            );

    private static IArchRule WhatIsFoundByItsInterfaceIsInternal(ArchitectureRules house) =>
        Classes().That().Are(house.Everything).And().AreAssignableTo(_found).Should().BeInternal();

    private static IArchRule MessagesArePublicSealedRecords(ArchitectureRules house) =>
        Types()
            .That()
            .Are(house.Everything)
            .And()
            .AreAssignableTo(_messages)
            .Should()
            .FollowCustomCondition(
                type => new ConditionResult(
                    type,
                    type.Visibility == Visibility.Public && IsSealedRecord(type),
                    "is not a public sealed record"
                ),
                "be public sealed records"
            );

    private static IArchRule WhatApplicationShowsIsASealedRecord(ArchitectureRules house) =>
        Classes()
            .That()
            .Are(house.Application)
            .And()
            .ArePublic()
            .Should()
            .FollowCustomCondition(
                @class => new ConditionResult(
                    @class,
                    IsStatic(@class) || IsSealedRecord(@class) || IsSealedException(@class),
                    "is neither a sealed record nor static"
                ),
                "be sealed records, sealed exceptions, or static"
            );

    // A setter would let another layer answer through a message or a read model.
    private static IArchRule WhatApplicationShowsHasNoPublicSetter(ArchitectureRules house) =>
        Types()
            .That()
            .Are(house.Application)
            .And()
            .ArePublic()
            .Should()
            .FollowCustomCondition(
                type => new ConditionResult(
                    type,
                    !PublicSetters(type).Any(),
                    $"has a public setter: {string.Join(", ", PublicSetters(type))}"
                ),
                "have no public setters"
            );

    private static IEnumerable<string> PublicSetters(IType type) =>
        type
            .Members.OfType<PropertyMember>()
            .Where(p => p.Writability == Writability.Writable && p.SetterVisibility == Visibility.Public)
            .Select(p => p.Name);

    private static IArchRule InfrastructureTakesNoMessages(ArchitectureRules house) =>
        Types()
            .That()
            .Are(house.Infrastructure)
            .Should()
            .NotDependOnAny(Types().That().Are(house.Application).And().AreAssignableTo(_messages));

    private static bool IsSealedException(Class type) =>
        type.IsSealed == true && type.InheritedClasses.Any(c => c.FullName == "System.Exception");

    private static IArchRule NobodyReadsTheMachinesClock(ArchitectureRules house) =>
        NoTypeCalls(Types().That().Are(house.Everything).Or().Are(house.Dashboard), _clocks, "take a TimeProvider");

    private static IArchRule OnlyRunIdMakesVersion7Guids(ArchitectureRules house) =>
        NoTypeCalls(
            Types().That().Are(house.Everything),
            [$"{typeof(Guid).FullName}.{nameof(Guid.CreateVersion7)}"],
            $"use {nameof(RunId)}.{nameof(RunId.New)}"
        );

    private static IArchRule NoTypeCalls(IObjectProvider<IType> types, string[] methods, string instead) =>
        Types()
            .That()
            .Are(types)
            .Should()
            .FollowCustomCondition(
                type => new ConditionResult(
                    type,
                    !ArchitectureRules.Calls.Of(type.FullName).Any(methods.Contains),
                    $"calls {string.Join(", ", ArchitectureRules.Calls.Of(type.FullName).Intersect(methods))}"
                ),
                $"not call {string.Join(", ", methods)}, but {instead}"
            );

    private static IArchRule NoTypeSays(IObjectProvider<IType> types, string[] terms)
    {
        string[] TermsIn(IType type)
        {
            var texts = ArchitectureRules.Literals.Of(type.FullName).ToArray();
            return [.. terms.Where(term => texts.Any(text => text.Contains(term, StringComparison.Ordinal)))];
        }

        return Types()
            .That()
            .Are(types)
            .Should()
            .FollowCustomCondition(
                type => new ConditionResult(
                    type,
                    TermsIn(type).Length == 0,
                    $"contains {string.Join(", ", TermsIn(type))}"
                ),
                $"not contain {string.Join(", ", terms)} in a text"
            );
    }

    private static bool HasFactory(IType type) =>
        type.Members.OfType<MethodMember>().Any(m => m.IsStatic == true && _factories.Contains(m.Name.Split('(')[0]));

    private static IEnumerable<MethodMember> ConstructorsOf(IType type) =>
        type.Members.OfType<MethodMember>().Where(m => m.MethodForm == MethodForm.Constructor);

    private static bool IsInherited(Class @class) =>
        ArchitectureRules.Architecture.Classes.Any(c => c.BaseClass == @class);

    private static bool IsSealedRecord(IType type) => type is Class { IsSealed: true, IsRecord: true };

    private static bool IsStatic(Class @class) => @class is { IsSealed: true, IsAbstract: true };
}
