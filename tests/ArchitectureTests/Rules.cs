using ArchUnitNET.Domain;
using ArchUnitNET.Fluent;
using ArchUnitNET.Fluent.Conditions;
using AutoMapper;
using FluentValidation;
using IndustryData.Domain.Runs;
using Mediator;
using Microsoft.EntityFrameworkCore;
using static ArchUnitNET.Fluent.ArchRuleDefinition;

namespace IndustryData.ArchitectureTests;

#pragma warning disable CA1859 // That each rule is of the same type is what lets one test check them all.

/// <summary>The rules of the house.</summary>
internal static class Rules
{
    // What other code finds by its interface or base class, never by its name.
    private static readonly Type[] _found =
    [
        typeof(ICommandHandler<,>),
        typeof(IQueryHandler<,>),
        typeof(IPipelineBehavior<,>),
        typeof(IValidator<>),
        typeof(Profile),
        typeof(IEntityTypeConfiguration<>),
    ];

    private static readonly string[] _clocks =
    [
        .. from type in (Type[])[typeof(DateTime), typeof(DateTimeOffset)]
        from property in (string[])["Now", "UtcNow", "Today"]
        select $"{type.FullName}.get_{property}",
    ];

    /// <summary>Every rule by name.</summary>
    public static IReadOnlyDictionary<string, Func<ArchitectureRules, IArchRule>> All { get; } =
        (
            (Func<ArchitectureRules, IArchRule>[])
                [
                    DomainNeedsNothingButDotNet,
                    ApplicationKnowsNeitherDatabaseNorHttp,
                    InfrastructureKnowsNoHttp,
                    OnlyCompositionNamesInfrastructure,
                    ClassesAreSealedUnlessInherited,
                    WhatIsFoundByItsInterfaceIsInternal,
                    MessagesArePublicSealedRecords,
                    WhatApplicationShowsIsASealedRecord,
                    NobodyReadsTheMachinesClock,
                    OnlyRunIdMakesVersion7Guids,
                ]
        ).ToDictionary(rule => rule.Method.Name);

    // ArchUnitNET's own OnlyDependOn looks only at types of the assemblies that were loaded, so that a package would
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
        return Types()
            .That()
            .Are(house.Domain)
            .Should()
            .FollowCustomCondition(
                type => new ConditionResult(
                    type,
                    !type.Dependencies.Any(d => IsForeign(d.Target)),
                    $"does on {string.Join(", ", type.Dependencies.Select(d => d.Target).Where(IsForeign).Select(t => t.FullName).Distinct())}"
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

    // Composition: the commands, and Program.cs, whose types have no namespace.
    private static IArchRule OnlyCompositionNamesInfrastructure(ArchitectureRules house) =>
        Types()
            .That()
            .Are(house.WebApi)
            .And()
            .DoNotResideInNamespaceMatching(@"^$|\.WebApi\.Commands$")
            .Should()
            .NotDependOnAny(house.Infrastructure);

    private static IArchRule ClassesAreSealedUnlessInherited(ArchitectureRules house) =>
        Classes()
            .That()
            .Are(house.Everything)
            .And()
            .DoNotHaveFullName("Program") // which the compiler declares
            .Should()
            .FollowCustomCondition(
                @class => new ConditionResult(
                    @class,
                    @class.IsSealed is true || @class.IsAbstract is true || IsInherited(@class),
                    "is open, and nothing inherits it"
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
            .AreAssignableTo(typeof(IMessage))
            .Should()
            .FollowCustomCondition(
                type => new ConditionResult(
                    type,
                    type.Visibility == Visibility.Public && IsSealedRecord(type),
                    "is none"
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

    private static bool IsSealedException(Class type) =>
        type.IsSealed == true && type.InheritedClasses.Any(c => c.FullName == "System.Exception");

    private static IArchRule NobodyReadsTheMachinesClock(ArchitectureRules house) =>
        NobodyCalls(house.Everything, _clocks, "take a TimeProvider");

    private static IArchRule OnlyRunIdMakesVersion7Guids(ArchitectureRules house) =>
        NobodyCalls(
            Types().That().Are(house.Everything).And().AreNot(typeof(RunId)),
            [$"{typeof(Guid).FullName}.{nameof(Guid.CreateVersion7)}"],
            $"use {nameof(RunId)}.{nameof(RunId.New)}"
        );

    private static IArchRule NobodyCalls(IObjectProvider<IType> types, string[] methods, string instead) =>
        Types()
            .That()
            .Are(types)
            .Should()
            .FollowCustomCondition(
                type => new ConditionResult(
                    type,
                    !ArchitectureRules.Calls.Of(type.FullName).Any(methods.Contains),
                    $"does, at {string.Join(", ", ArchitectureRules.Calls.Of(type.FullName).Intersect(methods))}"
                ),
                $"not call {string.Join(", ", methods)}, but {instead}"
            );

    private static bool IsInherited(Class @class) =>
        ArchitectureRules.Architecture.Classes.Any(c => c.BaseClass == @class);

    private static bool IsSealedRecord(IType type) => type is Class { IsSealed: true, IsRecord: true };

    private static bool IsStatic(Class @class) => @class is { IsSealed: true, IsAbstract: true };
}
