using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Infrastructure.EmbeddedPostgres;
using IndustryData.Infrastructure.Persistence;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Cli;

/// <summary>
/// Reads the sections of the configuration that belong to this service. A key that is unknown, a value of the wrong
/// type and a value out of its range are errors. They would otherwise be ignored, or fail later and far from their
/// cause.
/// </summary>
internal static class Settings
{
    /// <summary>The sections, each with the type of its settings.</summary>
    public static readonly IReadOnlyList<(string Section, Type Type)> Sections =
    [
        ("Query", typeof(ReadTimeoutOptions)),
        ("StartRateLimit", typeof(StartRateLimitOptions)),
        ("Commit", typeof(CommitOptions)),
        ("Limits", typeof(LimitOptions)),
        ("Retention", typeof(RetentionOptions)),
        ("Partitions", typeof(PartitionOptions)),
        ("Database", typeof(DatabaseOptions)),
        (AuditOptions.Section, typeof(AuditOptions)),
        (MetricsOptions.Section, typeof(MetricsOptions)),
        (ForwardingOptions.Section, typeof(ForwardingOptions)),
        (TokenOptions.Section, typeof(TokenOptions)),
        (EmbeddedPostgresOptions.Section, typeof(EmbeddedPostgresOptions)),
        (HstsSettings.Section, typeof(HstsSettings)),
        (SignInOptions.Section, typeof(SignInOptions)),
    ];

    /// <summary>Checks all sections, before anything is started.</summary>
    /// <exception cref="StartupException">A setting cannot be used.</exception>
    public static void Check(IConfiguration configuration)
    {
        foreach (var (section, type) in Sections)
        {
            CheckSection(configuration.GetSection(section), type);
        }
    }

    /// <summary>Reads a section. The properties without a setting have their defaults.</summary>
    /// <exception cref="StartupException">A setting cannot be used.</exception>
    public static T Read<T>(IConfiguration configuration, string section)
        where T : new()
    {
        var settings = configuration.GetSection(section);
        CheckSection(settings, typeof(T));
        return settings.Get<T>() ?? new T();
    }

    private static void CheckSection(IConfigurationSection section, Type type)
    {
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance);

        // An environment variable of another program can have the same name as a top-level section, for example COMMIT.
        if (!string.IsNullOrEmpty(section.Value) && section.Path != section.Key)
        {
            throw new StartupException(
                $"{section.Path} is a section and has no value of its own; set {section.Path}:{properties[0].Name} "
                    + "or another setting below it."
            );
        }

        foreach (var setting in section.GetChildren())
        {
            var property = properties.FirstOrDefault(p =>
                p.Name.Equals(setting.Key, StringComparison.OrdinalIgnoreCase)
            );
            if (property is null)
            {
                var known = string.Join(", ", properties.Select(p => p.Name));
                throw new StartupException($"{setting.Path} is not a setting; {section.Path} has: {known}.");
            }

            if (ItemType(property.PropertyType) is { } item)
            {
                CheckList(setting, item);
            }
            else
            {
                CheckValue(setting, property.PropertyType, property.GetCustomAttribute<RangeAttribute>());
                CheckAllowed(setting, property.GetCustomAttribute<AllowedValuesAttribute>());
            }
        }
    }

    private static void CheckList(IConfigurationSection list, Type item)
    {
        if (!string.IsNullOrEmpty(list.Value))
        {
            throw new StartupException($"{list.Path} is a list; set its first item with {list.Path}:0.");
        }

        foreach (var entry in list.GetChildren())
        {
            if (!int.TryParse(entry.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                throw new StartupException(
                    $"{entry.Path} is not a setting; {list.Path} is a list, whose items are {list.Path}:0, "
                        + $"{list.Path}:1 and so on."
                );
            }

            if (item == typeof(string))
            {
                CheckValue(entry, item, range: null);
            }
            else
            {
                CheckSection(entry, item);
            }
        }
    }

    private static void CheckValue(IConfigurationSection setting, Type type, RangeAttribute? range)
    {
        if (setting.GetChildren().FirstOrDefault(child => !SecretFiles.IsPath(child)) is { } below)
        {
            throw new StartupException(
                $"{below.Path} is not a setting; {setting.Path} has a value and nothing below it."
            );
        }

        var isOptional = !type.IsValueType || Nullable.GetUnderlyingType(type) is not null;
        if (isOptional && string.IsNullOrEmpty(setting.Value))
        {
            return;
        }

        // The bounds as written in the attribute. The attribute converts them when it is first used.
        var bounds = range is null ? "" : $" from {range.Minimum} to {range.Maximum}";
        var kind = (Nullable.GetUnderlyingType(type) ?? type).Name switch
        {
            nameof(Int32) => "a whole number",
            nameof(TimeSpan) => "a time span",
            nameof(Boolean) => "true or false",
            _ => "a text",
        };
        var example = type == typeof(TimeSpan) ? ", written hours:minutes:seconds; five seconds are 00:00:05" : "";
        var value = Parse(setting.Value ?? "", Nullable.GetUnderlyingType(type) ?? type);
        if (value is null || range?.IsValid(value) == false)
        {
            throw new StartupException($"{setting.Path} is '{setting.Value}', but must be {kind}{bounds}{example}.");
        }
    }

    private static void CheckAllowed(IConfigurationSection setting, AllowedValuesAttribute? allowed)
    {
        if (allowed?.IsValid(setting.Value) == false)
        {
            throw new StartupException(
                $"{setting.Path} is '{setting.Value}', but must be one of: {string.Join(", ", allowed.Values)}."
            );
        }
    }

    private static object? Parse(string text, Type type) =>
        type.Name switch
        {
            nameof(Int32) => int.TryParse(
                text,
                NumberStyles.AllowLeadingSign,
                CultureInfo.InvariantCulture,
                out var number
            )
                ? number
                : null,

            // .NET interprets a number without colons as days.
            nameof(TimeSpan) when !text.Contains(':', StringComparison.Ordinal) => null,
            nameof(TimeSpan) => TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var span) ? span : null,
            nameof(Boolean) => bool.TryParse(text, out var flag) ? flag : null,
            nameof(String) => text,
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No setting is of this type."),
        };

    private static Type? ItemType(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(List<>) ? type.GetGenericArguments()[0] : null;
}
