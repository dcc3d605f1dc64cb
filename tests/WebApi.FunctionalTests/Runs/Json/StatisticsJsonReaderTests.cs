using System.Text;
using IndustryData.Domain;
using IndustryData.Domain.Runs;

namespace IndustryData.WebApi.FunctionalTests.Runs.Json;

public sealed class StatisticsJsonReaderTests
{
    private const string Everything =
        """{"inboundTotals":{"errors":1,"warnings":2,"groups":3,"memberships":4,"organizations":5,"people":6"""
        + ""","matchedPeopleByRole":[{"role":"student","count":7}]"""
        + ""","unmatchedPeopleByRole":[{"role":"teacher","count":null}]}"""
        + ""","activityStatistics":[{"@odata.type":"#microsoft.graph.industryData"""
        + """.inboundActivityResults","activityId":"a","displayName":"A","status":"completed","errors":0"""
        + ""","warnings":null,"groups":{"active":1,"inactive":2,"total":3},"memberships":{"active":null}"""
        + ""","organizations":{},"people":null,"matchedPeopleByRole":[],"unmatchedPeopleByRole":[{"role":"x"}]}]}""";

    private static readonly string[] _counts =
    [
        "errors",
        "warnings",
        "groups",
        "memberships",
        "organizations",
        "people",
    ];

    /// <summary>
    /// The positions at which a count can stand. Each consists of the text before it, the text after it and its path.
    /// </summary>
    private static readonly (string Before, string After, string Path)[] _placesForCounts =
    [
        .. _counts.Select(name => ($$"""{"inboundTotals":{"{{name}}":""", "}}", $"statistics/inboundTotals/{name}")),
        (
            """{"inboundTotals":{"matchedPeopleByRole":[{"role":"r","count":""",
            "}]}}",
            "statistics/inboundTotals/matchedPeopleByRole/0/count"
        ),
        (
            """{"inboundTotals":{"unmatchedPeopleByRole":[{"role":"r","count":""",
            "}]}}",
            "statistics/inboundTotals/unmatchedPeopleByRole/0/count"
        ),
        (Activity(""","errors":"""), "}]}", "statistics/activityStatistics/0/errors"),
        (Activity(""","warnings":"""), "}]}", "statistics/activityStatistics/0/warnings"),
        .. _counts[2..]
            .Select(name =>
                (Activity($$""","{{name}}":{"active":"""), "}}]}", $"statistics/activityStatistics/0/{name}/active")
            ),
        (Activity(""","groups":{"inactive":"""), "}}]}", "statistics/activityStatistics/0/groups/inactive"),
        (Activity(""","groups":{"total":"""), "}}]}", "statistics/activityStatistics/0/groups/total"),
        (
            Activity(""","matchedPeopleByRole":[{"role":"r","count":"""),
            "}]}]}",
            "statistics/activityStatistics/0/matchedPeopleByRole/0/count"
        ),
    ];

    public static TheoryData<string> GoodCounts() => ["0", "1", "2147483648", "9007199254740991", "null"];

    public static TheoryData<string> BadCounts() =>
        [
            "-1",
            "-0",
            "1.0",
            "1e3",
            "1E0",
            "0.5",
            "9007199254740992",
            "9223372036854775808",
            "123456789012345678901234567890",
            "\"1\"",
            "true",
            "{}",
            "[]",
        ];

    [Fact]
    public void Every_known_member_is_kept_and_the_totals_are_read()
    {
        var statistics = Reading.Statistics(Everything);

        statistics.Json.ShouldBe(Everything);
        statistics.InboundTotals.ShouldBe(
            new InboundTotals
            {
                Errors = 1,
                Warnings = 2,
                Groups = 3,
                Memberships = 4,
                Organizations = 5,
                People = 6,
            }
        );
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"inboundTotals":null}""")]
    [InlineData("""{"inboundTotals":{}}""")]
    [InlineData("""{"inboundTotals":{"errors":null},"activityStatistics":[]}""")]
    public void Totals_that_are_not_told_are_null(string json)
    {
        var statistics = Reading.Statistics(json);

        statistics.Json.ShouldBe(json);
        statistics.InboundTotals.ShouldBe(new InboundTotals());
    }

    [Fact]
    public void The_empty_statistics_are_those_of_an_empty_object() =>
        RunStatistics.Empty.ShouldBe(Reading.Statistics("{}"));

    [Theory]
    [InlineData("""{"a":1}""")]
    [InlineData("""{"pi":3.141592653589793238462643383279,"big":1e400,"zero":-0,"trailing":1.50,"exp":1E+2}""")]
    [InlineData("""{"text":"ä\u00e4\/\n<&>'","é":null,"list":[ 1 , {"x" : []} ],"yes":true,"no":false}""")]
    [InlineData("""{"nested":{"@odata.type":"anything","errors":-1,"status":"bogus"}}""")]
    [InlineData("""{"Status":"of mine","RunId":1,"InboundTotals":-1}""")]
    public void What_is_not_known_is_kept_to_the_letter(string json) => Reading.Statistics(json).Json.ShouldBe(json);

    [Fact]
    public void Texts_of_known_members_are_kept_as_sent() =>
        Reading
            .Statistics("""{"inboundTotals":{"matchedPeopleByRole":[{"role":"\u00e4\/ä"}]}}""")
            .Json.ShouldContain("""{"role":"\u00e4\/ä"}""");

    [Fact]
    public void Run_and_status_are_the_servers_to_say() =>
        Reading.Statistics("""{"runId":["whatever"],"a":1,"status":17}""").Json.ShouldBe("""{"a":1}""");

    [Fact]
    public void Annotations_are_dropped_and_types_are_checked_wherever_they_may_stand()
    {
        var json = Reading
            .Statistics(
                """
                {"@odata.type":"microsoft.graph.industryData.runStatistics","@odata.context":1,"a@b":[],
                 "inboundTotals@c.d":{},
                 "inboundTotals":{"@odata.type":"#microsoft.graph.industryData.aggregatedInboundStatistics",
                  "matchedPeopleByRole":[
                   {"@odata.type":"#microsoft.graph.industryData.industryDataRunRoleCountMetric","role":"r"}]},
                 "activityStatistics":[
                  {"@odata.type":"microsoft.graph.industryData.inboundActivityResults",
                   "activityId":"a","displayName":"A","status":"failed",
                   "people":{"@odata.type":"#microsoft.graph.industryData.industryDataRunEntityCountMetric"}}]}
                """
            )
            .Json;

        json.ShouldBe(
            """{"inboundTotals":{"matchedPeopleByRole":[{"role":"r"}]}"""
                + ""","activityStatistics":[{"@odata.type":"#microsoft.graph.industryData"""
                + """.inboundActivityResults","activityId":"a","displayName":"A","status":"failed","people":{}}]}"""
        );
    }

    [Fact]
    public void The_type_of_an_activity_is_written_when_it_was_left_out() =>
        Reading
            .Statistics($"{Activity("")}}}]}}")
            .Json.ShouldStartWith(
                """{"activityStatistics":[{"@odata.type":"#microsoft.graph.industryData"""
                    + """.inboundActivityResults","activityId":"a","""
            );

    [Theory]
    [InlineData("microsoft.graph.industryData.runStatistics")]
    [InlineData("#microsoft.graph.industryData.runStatistics")]
    [InlineData("microsoft.graph.industryData.industryDataRunStatistics")]
    [InlineData("#microsoft.graph.industryData.industryDataRunStatistics")]
    public void Statistics_have_two_names(string type) =>
        Reading.Statistics($$"""{"@odata.type":"{{type}}"}""").Json.ShouldBe("{}");

    [Theory]
    [InlineData("""{"@odata.type":"#microsoft.graph.industryData.run"}""", "statistics/@odata.type")]
    [InlineData("""{"@odata.type":"##microsoft.graph.industryData.runStatistics"}""", "statistics/@odata.type")]
    [InlineData("""{"@odata.type":"#microsoft.graph.industrydata.runstatistics"}""", "statistics/@odata.type")]
    [InlineData("""{"@odata.type":""}""", "statistics/@odata.type")]
    [InlineData("""{"@odata.type":null}""", "statistics/@odata.type")]
    [InlineData("""{"@odata.type":1}""", "statistics/@odata.type")]
    [InlineData(
        """{"inboundTotals":{"@odata.type":"#microsoft.graph.industryData.runStatistics"}}""",
        "statistics/inboundTotals/@odata.type"
    )]
    [InlineData(
        """{"activityStatistics":[{"@odata.type":"x","activityId":"a","displayName":"A","status":"failed"}]}""",
        "statistics/activityStatistics/0/@odata.type"
    )]
    public void Another_type_is_a_fault(string json, string path) => Faulty(json).ShouldBe([$"unknownType {path}"]);

    [Theory]
    [MemberData(nameof(GoodCounts))]
    public void A_count_is_a_whole_number_to_2_to_the_53_or_null(string literal)
    {
        foreach (var (before, after, _) in _placesForCounts)
        {
            Reading.Statistics($"{before}{literal}{after}").Json.ShouldContain($":{literal}}}");
        }
    }

    [Theory]
    [MemberData(nameof(BadCounts))]
    public void Anything_else_is_no_count(string literal)
    {
        foreach (var (before, after, path) in _placesForCounts)
        {
            Faulty($"{before}{literal}{after}").ShouldBe([$"invalidCount {path}"]);
        }
    }

    [Theory]
    [InlineData("inProgress")]
    [InlineData("skipped")]
    [InlineData("failed")]
    [InlineData("completed")]
    [InlineData("completedWithErrors")]
    [InlineData("completedWithWarnings")]
    public void An_activity_has_one_of_six_statuses(string status)
    {
        var json =
            """{"activityStatistics":[{"@odata.type":"#microsoft.graph.industryData"""
            + $$""".inboundActivityResults","activityId":"a","displayName":"A","status":"{{status}}"}]}""";

        Reading.Statistics(json).Json.ShouldBe(json);
    }

    [Theory]
    [InlineData("\"unknownFutureValue\"")]
    [InlineData("\"running\"")]
    [InlineData("\"Completed\"")]
    [InlineData("\"\"")]
    [InlineData("3")]
    [InlineData("null")]
    public void Any_other_status_of_an_activity_is_a_fault(string status) =>
        Faulty($$"""{"activityStatistics":[{"activityId":"a","displayName":"A","status":{{status}}}]}""")
            .ShouldBe(["unknownEnumValue statistics/activityStatistics/0/status"]);

    [Theory]
    [InlineData("[]", "notAnObject statistics")]
    [InlineData("1", "notAnObject statistics")]
    [InlineData("\"{}\"", "notAnObject statistics")]
    [InlineData("""{"inboundTotals":[]}""", "notAnObject statistics/inboundTotals")]
    [InlineData("""{"inboundTotals":0}""", "notAnObject statistics/inboundTotals")]
    [InlineData("""{"inboundTotals":{"Errors":1}}""", "unknownProperty statistics/inboundTotals/Errors")]
    [InlineData("""{"inboundTotals":{"total":1}}""", "unknownProperty statistics/inboundTotals/total")]
    [InlineData(
        """{"inboundTotals":{"matchedPeopleByRole":null}}""",
        "notAnArray statistics/inboundTotals/matchedPeopleByRole"
    )]
    [InlineData(
        """{"inboundTotals":{"unmatchedPeopleByRole":{}}}""",
        "notAnArray statistics/inboundTotals/unmatchedPeopleByRole"
    )]
    [InlineData(
        """{"inboundTotals":{"matchedPeopleByRole":[{"role":"r"},"student"]}}""",
        "notAnObject statistics/inboundTotals/matchedPeopleByRole/1"
    )]
    [InlineData(
        """{"inboundTotals":{"matchedPeopleByRole":[null]}}""",
        "notAnObject statistics/inboundTotals/matchedPeopleByRole/0"
    )]
    [InlineData(
        """{"inboundTotals":{"matchedPeopleByRole":[{"count":1}]}}""",
        "required statistics/inboundTotals/matchedPeopleByRole/0/role"
    )]
    [InlineData(
        """{"inboundTotals":{"matchedPeopleByRole":[{"role":null}]}}""",
        "notAString statistics/inboundTotals/matchedPeopleByRole/0/role"
    )]
    [InlineData(
        """{"inboundTotals":{"matchedPeopleByRole":[{"role":1}]}}""",
        "notAString statistics/inboundTotals/matchedPeopleByRole/0/role"
    )]
    [InlineData(
        """{"inboundTotals":{"matchedPeopleByRole":[{"role":"r","more":1}]}}""",
        "unknownProperty statistics/inboundTotals/matchedPeopleByRole/0/more"
    )]
    [InlineData("""{"activityStatistics":null}""", "notAnArray statistics/activityStatistics")]
    [InlineData("""{"activityStatistics":{}}""", "notAnArray statistics/activityStatistics")]
    [InlineData("""{"activityStatistics":[[]]}""", "notAnObject statistics/activityStatistics/0")]
    [InlineData(
        """{"activityStatistics":[{"displayName":"A","status":"failed"}]}""",
        "required statistics/activityStatistics/0/activityId"
    )]
    [InlineData(
        """{"activityStatistics":[{"activityId":"a","status":"failed"}]}""",
        "required statistics/activityStatistics/0/displayName"
    )]
    [InlineData(
        """{"activityStatistics":[{"activityId":"a","displayName":"A"}]}""",
        "required statistics/activityStatistics/0/status"
    )]
    [InlineData(
        """{"activityStatistics":[{"activityId":1,"displayName":"A","status":"failed"}]}""",
        "notAString statistics/activityStatistics/0/activityId"
    )]
    [InlineData(
        """{"activityStatistics":[{"activityId":"a","displayName":null,"status":"failed"}]}""",
        "notAString statistics/activityStatistics/0/displayName"
    )]
    [InlineData(
        """{"activityStatistics":[{"activityId":"a","displayName":"A","status":"failed","runId":"x"}]}""",
        "unknownProperty statistics/activityStatistics/0/runId"
    )]
    [InlineData(
        """{"activityStatistics":[{"activityId":"a","displayName":"A","status":"failed","groups":3}]}""",
        "notAnObject statistics/activityStatistics/0/groups"
    )]
    [InlineData(
        """{"activityStatistics":[{"activityId":"a","displayName":"A","status":"failed","people":{"errors":3}}]}""",
        "unknownProperty statistics/activityStatistics/0/people/errors"
    )]
    public void Each_kind_of_fault_has_its_path(string json, string fault) => Faulty(json).ShouldBe([fault]);

    [Fact]
    public void Every_fault_is_found() =>
        Faulty(
                """
                {"@odata.type":"x","inboundTotals":{"errors":-1,"more":1},
                 "activityStatistics":[{"activityId":1},2]}
                """
            )
            .ShouldBe([
                "unknownType statistics/@odata.type",
                "invalidCount statistics/inboundTotals/errors",
                "unknownProperty statistics/inboundTotals/more",
                "notAString statistics/activityStatistics/0/activityId",
                "required statistics/activityStatistics/0/displayName",
                "required statistics/activityStatistics/0/status",
                "notAnObject statistics/activityStatistics/1",
            ]);

    [Fact]
    public void Faults_found_elsewhere_do_not_spoil_statistics()
    {
        var faults = new ValidationErrors();
        faults.Add("status", "unknownStatus", "…");

        Reading.Statistics("{}", faults).ShouldNotBeNull();
        faults.Shown().ShouldBe(["unknownStatus status"]);
    }

    [Fact]
    public void Sixty_four_KiB_are_allowed_and_not_a_byte_more()
    {
        var json = $$"""{"a":"{{new string('x', (64 * 1024) - 8)}}"}""";
        Encoding.UTF8.GetByteCount(json).ShouldBe(65_536);
        Reading.Statistics(json).Json.ShouldBe(json);

        Faulty(json.Replace("\"a\"", "\"aa\"", StringComparison.Ordinal)).ShouldBe(["tooLarge statistics"]);
    }

    [Fact]
    public void It_is_bytes_as_sent_that_count()
    {
        var umlauts = $$"""{"a":"{{new string('ä', 32_764)}}"}""";
        Encoding.UTF8.GetByteCount(umlauts).ShouldBe(65_536);

        Reading.Statistics(umlauts).Json.ShouldBe(umlauts);
        Faulty(umlauts.Replace("ä\"", "äa\"", StringComparison.Ordinal)).ShouldBe(["tooLarge statistics"]);
        Faulty($"{{{new string(' ', 65_535)}}}").ShouldBe(["tooLarge statistics"]);
    }

    [Theory]
    [InlineData("{\"a\":", "}")]
    [InlineData("[", "]")]
    public void Thirty_two_levels_are_allowed_and_not_one_more(string open, string close)
    {
        string Levels(int inside)
        {
            var before = string.Concat(Enumerable.Repeat(open, inside));
            var after = string.Concat(Enumerable.Repeat(close, inside));
            return $$"""{"a":{{before}}1{{after}}}""";
        }

        Reading.Statistics(Levels(31)).Json.ShouldBe(Levels(31));
        Faulty(Levels(32)).ShouldBe(["tooDeep statistics"]);
    }

    [Fact]
    public void An_empty_object_or_array_is_a_level_too()
    {
        string Levels(int count, string last) =>
            string.Concat(Enumerable.Repeat("{\"a\":", count - 1)) + last + new string('}', count - 1);

        Reading.Statistics(Levels(32, "{}")).ShouldNotBeNull();
        Reading.Statistics(Levels(32, "[]")).ShouldNotBeNull();
        Faulty(Levels(33, "{}")).ShouldBe(["tooDeep statistics"]);
        Faulty(Levels(33, "[]")).ShouldBe(["tooDeep statistics"]);
    }

    [Fact]
    public void Text_that_names_the_types_of_many_activities_may_be_larger_than_the_limit()
    {
        var activities = string.Join(
            ',',
            Enumerable.Repeat("""{"activityId":"a","displayName":"A","status":"failed"}""", 1000)
        );

        Encoding
            .UTF8.GetByteCount(Reading.Statistics($$"""{"activityStatistics":[{{activities}}]}""").Json)
            .ShouldBeGreaterThan(RunStatistics.MaxBytes);
    }

    /// <summary>The start of statistics with a complete activity, without the closing brackets.</summary>
    private static string Activity(string more) =>
        $$"""{"activityStatistics":[{"activityId":"a","displayName":"A","status":"failed"{{more}}""";

    /// <summary>Returns the validation errors of invalid statistics.</summary>
    private static string[] Faulty(string json)
    {
        var faults = new ValidationErrors();
        Reading.Statistics(json, faults).ShouldBeNull();
        return faults.Shown();
    }
}
