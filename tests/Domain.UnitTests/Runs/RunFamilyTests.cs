using IndustryData.Domain.Runs;

namespace IndustryData.Domain.UnitTests.Runs;

public sealed class RunFamilyTests
{
    public static TheoryData<string, string> Names() =>
        new()
        {
            // The names of the sample runs.
            { "OneRoster delta – Nordkreis 2026-10-13 23:12 UTC", "OneRoster delta – Nordkreis" },
            { "Staff sync (Fabrikam) 2026-10-06 09:06 UTC", "Staff sync (Fabrikam)" },
            { "Staff sync (Fabrikam)", "Staff sync (Fabrikam)" },
            { "SIS export #12 2026-11-03 04:05 UTC", "SIS export" },
            { "SIS export #12", "SIS export" },
            { "SDS v2.1 upload · Contoso ISD 2026-11-13 03:05 UTC", "SDS v2.1 upload · Contoso ISD" },
            { "Cutover 2026/27 2026-09-08 23:57 UTC", "Cutover" },
            { "Cutover 2026/27", "Cutover" },
            { "Class groups → Teams 2026-09-13 03:56 UTC", "Class groups → Teams" },
            { "Élèves – académie de Lyon 2026-09-03 16:19 UTC", "Élèves – académie de Lyon" },
            { "مزامنة الطلاب 2026-09-08 14:25 UTC", "مزامنة الطلاب" },
            { "成績連携 夜間バッチ 2026-11-19 20:16 UTC", "成績連携 夜間バッチ" },
            { "Rollover dry-run 2026-10-17 01:52 UTC", "Rollover dry-run" },
            { "Sections & terms", "Sections & terms" },
            // Other ways to write a date, a time or a number.
            { "Import 2026-10-13T23:12:05.123Z", "Import" },
            { "Import 2026-10-13T23:12:05+02:00", "Import" },
            { "Import_20261013T231205Z", "Import" },
            { "Import-2026-10-13", "Import" },
            { "Import (13.10.2026, 11:12 PM)", "Import" },
            { "Import [13 Oct 2026 07:00 GMT+2]", "Import" },
            { "Import – October 13, 2026", "Import" },
            { "Import – 13 october", "Import" },
            { "Import 07:00 CEST  ", "Import" },
            { "Import#7", "Import" },
            { "Import run_42", "Import run" },
            { "Import ٢٠٢٦-١٠-١٣", "Import" },
            { "Import\n2", "Import" },
            // What belongs to the name.
            { "Import v2", "Import v2" },
            { "Import v2.1", "Import v2.1" },
            { "Import in UTC", "Import in UTC" },
            { "Import of May", "Import of May" },
            { "3 schools", "3 schools" },
            { "2026-10-13 import", "2026-10-13 import" },
            { "Import 12Zoo", "Import 12Zoo" },
            { " Import 2", " Import" },
            { "Import ", "Import" },
            // There is no other text.
            { "12", "12" },
            { "#12", "#12" },
            { "(12) ", "(12)" },
            { "2026-10-13 07:00", "2026" },
        };

    [Theory]
    [MemberData(nameof(Names))]
    public void Family_is_the_name_without_dates_times_and_numbers_at_its_end(string name, string family)
    {
        RunFamily.Of(name).ShouldBe(family);
        name.ShouldStartWith(family, Case.Sensitive);
        RunFamily.Of(family).ShouldBe(family);
    }

    [Fact]
    public void Family_of_a_family_is_itself_for_random_names()
    {
        string[] parts = ["Import", " ", "-", "#", "12", "2026-10-13", "UTC", "May", "(", ")", ".", "Z", ":", "é", "_"];
        var random = new Random(7);
        for (var i = 0; i < 20_000; i++)
        {
            var name = "x" + string.Concat(random.GetItems(parts, random.Next(1, 12)));

            var family = RunFamily.Of(name);

            family.ShouldNotBeEmpty(name);
            name.ShouldStartWith(family, Case.Sensitive);
            RunFamily.Of(family).ShouldBe(family, name);
        }
    }
}
