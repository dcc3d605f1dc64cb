using System.Globalization;
using IndustryData.Domain.Runs;

namespace IndustryData.WebApi.Cli;

/// <summary>The arguments of the command <c>import</c>.</summary>
internal sealed record ImportOptions
{
    public const string Usage =
        "usage: import FILE… [--tenant GUID] [--label TEXT] [--refused FILE] [--max-errors N] "
        + "[--database | --url URL [--token-file FILE]]";

    private const int MaxLabelLength = 200;

    /// <summary>The files; <c>-</c> is the standard input.</summary>
    public IReadOnlyList<string> Files { get; private init; } = [];

    /// <summary>The tenant of the runs.</summary>
    public TenantId TenantId { get; private init; } = new(TokenCommand.DevelopmentTenant);

    /// <summary>A text that distinguishes the import from another one of the same lines.</summary>
    public string Label { get; private init; } = "";

    /// <summary>The file to which refused lines are written; null for the standard error output.</summary>
    public string? RefusedPath { get; private init; }

    /// <summary>The number of refused lines after which the import stops; null for no limit.</summary>
    public long? MaxErrors { get; private init; }

    /// <summary>True if the runs are written to the database that the connection string names.</summary>
    public bool UsesDatabase { get; private init; }

    /// <summary>The URL of the service to which the runs are sent; null to write to the database.</summary>
    public Uri? Url { get; private init; }

    /// <summary>The file with the token for the service.</summary>
    public string? TokenPath { get; private init; }

    /// <summary>Reads the arguments.</summary>
    /// <exception cref="StartupException">They are invalid.</exception>
    public static ImportOptions Read(IReadOnlyList<string> arguments)
    {
        var (options, files) = (new ImportOptions(), new List<string>());
        for (var i = 0; i < arguments.Count; i++)
        {
            string Value() => ++i < arguments.Count ? arguments[i] : throw new StartupException(Usage);
            switch (arguments[i])
            {
                case "--tenant":
                    options = options with { TenantId = new TenantId(TokenCommand.ReadTenant(Value(), Usage)) };
                    break;
                case "--label":
                    options = options with
                    {
                        Label = Value() is { Length: <= MaxLabelLength } label
                            ? label
                            : throw new StartupException($"--label has at most {MaxLabelLength} characters; {Usage}"),
                    };
                    break;
                case "--refused":
                    options = options with { RefusedPath = Value() };
                    break;
                case "--max-errors":
                    options = options with
                    {
                        MaxErrors = long.TryParse(
                            Value(),
                            NumberStyles.None,
                            CultureInfo.InvariantCulture,
                            out var number
                        )
                            ? number
                            : throw new StartupException($"--max-errors must be a whole number; {Usage}"),
                    };
                    break;
                case "--database":
                    options = options with { UsesDatabase = true };
                    break;
                case "--url":
                    options = options with { Url = ListenUrls.ReadServiceUrl(Value(), "--url") };
                    break;
                case "--token-file":
                    options = options with { TokenPath = Value() };
                    break;
                case "-":
                case { Length: > 0 } name when !name.StartsWith('-'):
                    files.Add(arguments[i]);
                    break;
                default:
                    throw new StartupException(Usage);
            }
        }

        if (
            files.Count == 0
            || files.Count(f => f == "-") > 1
            || (options.UsesDatabase && options.Url is not null)
            || (options.TokenPath is not null && options.Url is null)
        )
        {
            throw new StartupException(Usage);
        }

        return options with
        {
            Files = files,
        };
    }
}
