using System.Buffers.Binary;
using System.Globalization;
using IndustryData.Domain.Runs;

namespace IndustryData.Benchmarks.Loading;

/// <summary>
/// A realistic run that is generated from a number. The same number and time always result in the same run.
/// </summary>
internal sealed record SampleRun(
    string DisplayName,
    DateTimeOffset StartDateTime,
    DateTimeOffset? EndDateTime,
    RunStatus Status,
    long Errors,
    long Warnings,
    long Groups,
    long Memberships,
    long Organizations,
    long People
)
{
    private static readonly string[] _names =
    [
        "Nightly rostering",
        "Demographics top-up",
        "OneRoster delta",
        "Enrolments, full",
        "Guardians and contacts",
        "SIS export, Nordkreis",
    ];

    // The errors of runs that failed.
    private static readonly string[] _blockingErrors =
    [
        """{"code":"sourceUnavailable","message":"The source did not answer."}""",
        """{"code":"fileNotFound","message":"The file enrollments.csv is missing.","target":"enrollments.csv"}""",
        """{"code":"invalidCredentials","message":"The source refused the credentials."}""",
        """{"code":"schemaMismatch","message":"The column sourcedId is missing.","target":"sourcedId"}""",
    ];

    // The number of runs with each status among 1000 runs. The index is the status number.
    private static readonly int[] _shares = [44, 78, 613, 95, 170];

    /// <summary>Generates a run.</summary>
    /// <param name="number">The number of the run.</param>
    /// <param name="reported">The time at which the run is reported, shortly after its end.</param>
    public static SampleRun Of(long number, DateTimeOffset reported)
    {
        var dice = new Dice((ulong)number);
        var status = RunStatus.All[Share(dice.Next(1000))];
        var end = reported.AddSeconds(-1 - dice.Next(30));
        var people = 100 + (long)dice.Next(30_000);
        return new SampleRun(
            _names[dice.Next(_names.Length)],
            end.AddSeconds(-60 - dice.Next(7200)),
            status == RunStatus.Running ? null : end,
            status,
            status == RunStatus.CompletedWithErrors ? 1 + dice.Next(50) : 0,
            status == RunStatus.CompletedWithWarnings ? 1 + dice.Next(900) : 0,
            people / 3,
            people * 8,
            1 + dice.Next(40),
            people
        );
    }

    /// <summary>Generates the id of a run. It is a UUIDv7 whose random part is derived from the number.</summary>
    public static Guid Id(long number, DateTimeOffset reported)
    {
        Span<byte> bytes = stackalloc byte[16];
        var dice = new Dice(~(ulong)number);
        BinaryPrimitives.WriteInt64BigEndian(bytes, reported.ToUnixTimeMilliseconds() << 16);
        BinaryPrimitives.WriteInt16BigEndian(bytes[6..], (short)(0x7000 | dice.Next(0x1000)));
        BinaryPrimitives.WriteInt32BigEndian(bytes[8..], int.MinValue | dice.Next(0x4000_0000));
        BinaryPrimitives.WriteInt32BigEndian(bytes[12..], dice.Next(int.MaxValue));
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>The statistics of the run as JSON.</summary>
    public string Statistics
    {
        get
        {
            var issues = string.Create(
                CultureInfo.InvariantCulture,
                $$"""{"errors":{{Errors}},"warnings":{{Warnings}}"""
            );
            var groups = string.Create(
                CultureInfo.InvariantCulture,
                $$""","groups":{{Groups}},"memberships":{{Memberships}}"""
            );
            var people = string.Create(
                CultureInfo.InvariantCulture,
                $$""","organizations":{{Organizations}},"people":{{People}}}"""
            );
            return """{"@odata.type":"microsoft.graph.industryData.runStatistics","inboundTotals":"""
                + issues
                + groups
                + people
                + ""","rowsPerSecond":431.5}""";
        }
    }

    /// <summary>The request body that reports the run.</summary>
    public string Body
    {
        get
        {
            var end = EndDateTime is { } time ? $"\"endDateTime\":\"{time.UtcDateTime:O}\"," : "";
            var times = string.Create(
                CultureInfo.InvariantCulture,
                $"\"startDateTime\":\"{StartDateTime.UtcDateTime:O}\",{end}"
            );
            return $$"""{"@odata.type":"#microsoft.graph.industryData.run","displayName":"{{DisplayName}}",{{times}}"""
                + $"\"status\":\"{Status.Name}\",\"statistics\":{Statistics}}}";
        }
    }

    /// <summary>The error of the run as JSON, or null if the run did not fail.</summary>
    public string? BlockingError =>
        Status == RunStatus.Failed ? _blockingErrors[(int)(People % _blockingErrors.Length)] : null;

    /// <summary>Returns the run as it is later: a running run has been completed.</summary>
    /// <param name="end">The time at which a running run ended.</param>
    public SampleRun Ended(DateTimeOffset end) =>
        Status == RunStatus.Running ? this with { Status = RunStatus.Completed, EndDateTime = end } : this;

    private static int Share(int thousandth)
    {
        var status = 0;
        while (thousandth >= _shares[status])
        {
            thousandth -= _shares[status++];
        }

        return status;
    }

    /// <summary>
    /// The random number generator SplitMix64 (Steele, Lea, Flood 2014). Unlike <see cref="Random"/>, it costs nothing
    /// to create from a number.
    /// </summary>
    private struct Dice(ulong state)
    {
        private ulong _state = state;

        public int Next(int below)
        {
            _state += 0x9E3779B97F4A7C15;
            var mixed = (_state ^ (_state >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return (int)((mixed ^ (mixed >> 31)) % (ulong)below);
        }
    }
}
