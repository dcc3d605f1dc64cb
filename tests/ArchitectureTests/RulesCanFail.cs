using ArchUnitNET.Domain;

namespace IndustryData.ArchitectureTests;

/// <summary>
/// Tests that each rule can fail. Each rule is applied to types of which some break it, and must report exactly those.
/// </summary>
public sealed class RulesCanFail
{
    public static TheoryData<string, string[]> WhoBreaksWhat() =>
        new()
        {
            { "DomainNeedsNothingButDotNet", ["KnowsApplication", "LogsInDomain"] },
            {
                "ApplicationKnowsNeitherDatabaseNorHttp",
                ["KnowsAspNetCore", "KnowsEfCore", "KnowsInfrastructure", "KnowsNpgsql", "KnowsWebApi"]
            },
            { "InfrastructureKnowsNoHttp", ["KnowsAspNetCore", "KnowsWebApi"] },
            {
                "OnlyWebApiNamesWireFormats",
                ["NamesAGraphType", "NamesAnAnnotation", "NamesAnAnnotationInALambda", "WritesAnEntityTag"]
            },
            { "DomainSpeaksNoHttp", ["NamesAHeader", "NamesARoute"] },
            { "ValuesAreMadeByTheirFactories", ["OpenClassValue", "OpenValue", "PositionalValue"] },
            { "MessagesCarryNoErrors", ["CommandWithAnError", "CommandWithErrors"] },
            { "OnlyCompositionNamesInfrastructure", ["KnowsInfrastructure"] },
            { "DashboardKnowsOnlyApplication", ["PageKnowsEfCore", "PageKnowsWebApi"] },
            { "WebApiNamespacesFormNoCycle", ["KnowsABrother", "KnowsAnUnlistedNamespace", "KnowsOData"] },
            { "OnlyHttpNamesStatusCodes", ["SetsAStatus", "WritesAStatus"] },
            { "ClassesAreSealedUnlessInherited", ["OpenClass", "OpenQuery", "OpenRecord"] },
            {
                "WhatIsFoundByItsInterfaceIsInternal",
                [
                    "PublicBehaviour`2",
                    "PublicConfiguration",
                    "PublicHandler",
                    "PublicMap",
                    "PublicQueryHandler",
                    "PublicStreamBehavior`2",
                    "PublicStreamHandler",
                    "PublicValidator",
                ]
            },
            { "MessagesArePublicSealedRecords", ["ClassCommand", "ClassStreamQuery", "InternalQuery", "OpenQuery"] },
            {
                "WhatApplicationShowsIsASealedRecord",
                [
                    "ClassCommand",
                    "ClassResponse",
                    "ClassStreamQuery",
                    "OpenQuery",
                    "PublicBehaviour`2",
                    "PublicHandler",
                    "PublicMap",
                    "PublicQueryHandler",
                    "PublicStreamBehavior`2",
                    "PublicStreamHandler",
                    "PublicValidator",
                ]
            },
            { "WhatApplicationShowsHasNoPublicSetter", ["SettableItem", "SettableResponse"] },
            { "InfrastructureTakesNoMessages", ["TakesAQuery", "TakesAStreamQuery"] },
            {
                "NobodyReadsTheMachinesClock",
                ["ReadsNowInALambda", "ReadsTodayInAnAsyncIterator", "ReadsUtcNow", "ReadsUtcNowForAField"]
            },
            { "OnlyRunIdMakesVersion7Guids", ["MakesAnId", "MakesAnIdOfAMoment"] },
        };

    [Theory]
    [MemberData(nameof(WhoBreaksWhat))]
    public void The_rule_names_who_breaks_it(string rule, string[] broken) =>
        Rules
            .All[rule](ArchitectureRules.Broken)
            .Evaluate(ArchitectureRules.Architecture)
            .Where(r => !r.Passed)
            .Select(r => ((IType)r.EvaluatedObject).Name)
            .Order()
            .ShouldBe(broken);

    [Theory]
    [MemberData(nameof(ArchitectureRulesTests.AllRules), MemberType = typeof(ArchitectureRulesTests))]
    public void The_rule_does_not_hold_where_there_is_nothing(string rule) =>
        Rules.All[rule](ArchitectureRules.Empty).HasNoViolations(ArchitectureRules.Architecture).ShouldBeFalse();

    [Fact]
    public void Every_rule_is_seen_to_fail() =>
        WhoBreaksWhat().Select(row => row.Data.Item1).ShouldBe(Rules.All.Keys, ignoreOrder: true);
}
