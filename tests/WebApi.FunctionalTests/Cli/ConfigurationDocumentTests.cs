using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using IndustryData.WebApi.Cli;

namespace IndustryData.WebApi.FunctionalTests.Cli;

/// <summary>Compares the table of <c>docs/configuration.md</c> with the options classes.</summary>
public sealed partial class ConfigurationDocumentTests
{
    private static readonly Dictionary<string, Row> _rows = Rows().ToDictionary(r => r.Name);

    private static readonly List<Setting> _settings = [.. Settings.Sections.SelectMany(s => Of(s.Section, s.Type))];

    [Fact]
    public void Document_names_each_setting_of_the_service()
    {
        _settings.Count.ShouldBeGreaterThan(30);
        _settings.Select(s => s.Name).Where(name => !_rows.ContainsKey(name)).ShouldBeEmpty();
    }

    [Fact]
    public void Document_names_no_setting_that_the_service_does_not_have()
    {
        var known = _settings.Select(s => s.Name).ToHashSet();
        _rows
            .Keys.Where(name => Settings.Sections.Any(s => name.StartsWith($"{s.Section}__", StringComparison.Ordinal)))
            .Where(name => !known.Contains(name))
            .ShouldBeEmpty();
    }

    [Fact]
    public void Document_has_the_default_of_each_setting()
    {
        // If the program has no default value, the document describes what happens.
        var wrong =
            from setting in _settings
            let expected = Format(setting.Default)
            where expected.Length > 0
            where _rows[setting.Name].Default.Trim('`').Replace(",", "", StringComparison.Ordinal) != expected
            select $"{setting.Name}: {_rows[setting.Name].Default}, but the program has {expected}";
        wrong.ShouldBeEmpty();
    }

    [Fact]
    public void Document_has_the_range_of_each_setting()
    {
        var wrong =
            from setting in _settings
            let expected = setting.Range
            where expected is not null
            let range = Bounds().Match(_rows[setting.Name].Range.Replace(",", "", StringComparison.Ordinal))
            where !(range.Success && IsEqual(expected, range))
            select $"{setting.Name}: {_rows[setting.Name].Range}, "
                + $"but the program has {expected.Minimum} to {expected.Maximum}";
        wrong.ShouldBeEmpty();
    }

    private static IEnumerable<Setting> Of(string section, Type type)
    {
        var defaults = Activator.CreateInstance(type)!;
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var name = $"{section}__{property.Name}";
            if (!property.PropertyType.IsGenericType || property.PropertyType.IsValueType)
            {
                yield return new Setting(
                    name,
                    property.GetValue(defaults),
                    property.GetCustomAttribute<RangeAttribute>()
                );
                continue;
            }

            var item = property.PropertyType.GetGenericArguments()[0];
            var items = item == typeof(string) ? [new Setting($"{name}__0", null, null)] : Of($"{name}__0", item);
            foreach (var setting in items)
            {
                yield return setting;
            }
        }
    }

    private static IEnumerable<Row> Rows() =>
        from line in File.ReadLines(Repository.PathOf("docs/configuration.md"))
        where line.StartsWith("| `", StringComparison.Ordinal)
        let cells = line.Split('|', StringSplitOptions.TrimEntries)
        select new Row(cells[1].Trim('`'), cells[2], cells[3]);

    private static string Format(object? value) =>
        value switch
        {
            null => "",
            bool flag => flag ? "true" : "false",
            TimeSpan time => time.ToString("c", CultureInfo.InvariantCulture),
            _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        };

    private static bool IsEqual(RangeAttribute expected, Match range)
    {
        var (from, to) = (Value(range, "from"), Value(range, "to"));
        var unit = range.Groups["toUnit"].Value;
        if (expected.OperandType != typeof(TimeSpan))
        {
            return unit.Length == 0
                && from == Convert.ToDouble(expected.Minimum, CultureInfo.InvariantCulture)
                && to == Convert.ToDouble(expected.Maximum, CultureInfo.InvariantCulture);
        }

        var fromUnit = range.Groups["fromUnit"] is { Success: true } own ? own.Value : unit;
        return Time(from, fromUnit) == TimeSpan.Parse((string)expected.Minimum, CultureInfo.InvariantCulture)
            && Time(to, unit) == TimeSpan.Parse((string)expected.Maximum, CultureInfo.InvariantCulture);
    }

    private static double Value(Match range, string group) =>
        double.Parse(range.Groups[group].Value, CultureInfo.InvariantCulture);

    private static TimeSpan? Time(double value, string unit) =>
        unit switch
        {
            "ms" => TimeSpan.FromMilliseconds(value),
            "s" => TimeSpan.FromSeconds(value),
            "min" => TimeSpan.FromMinutes(value),
            "days" => TimeSpan.FromDays(value),
            _ => null,
        };

    [GeneratedRegex(
        @"^(?<from>\d+)( (?<fromUnit>\w+))? to (?<to>\d+)( (?<toUnit>\w+))?$",
        RegexOptions.ExplicitCapture
    )]
    private static partial Regex Bounds();

    /// <summary>A setting of the program.</summary>
    private sealed record Setting(string Name, object? Default, RangeAttribute? Range);

    /// <summary>A row of the table.</summary>
    private sealed record Row(string Name, string Default, string Range);
}
