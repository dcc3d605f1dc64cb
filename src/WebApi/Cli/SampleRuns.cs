using System.Globalization;
using System.Text.Json.Nodes;

namespace IndustryData.WebApi.Cli;

/// <summary>
/// Creates the runs of an invented school authority with five districts. They contain what dashboards show: jobs with
/// their usual times, durations and counts, failures of the last night, an outage of a district and a slow day some
/// time ago, and jobs that run now, of which one is overdue.
/// </summary>
internal static class SampleRuns
{
    /// <summary>The number of days before now in which the runs start.</summary>
    public const int Days = 90;

    private const int SlowAgeDays = 40;
    private const double SlowFactor = 3;
    private const int OutageAgeDays = 12;
    private const int OutageDays = 2;
    private const string OutageDistrict = "Seenland";

    private static readonly (string Name, int People, int Organizations)[] _districts =
    [
        ("Nordkreis", 24_800, 31),
        ("Hafenstadt", 61_300, 74),
        ("Bergland", 9_100, 14),
        (OutageDistrict, 15_600, 22),
        ("Südkreis", 33_900, 45),
    ];

    private static readonly string[] _failedLastNight = ["Hafenstadt", "Bergland"];

    // The time of the day, in UTC, at which the runs of the night have ended.
    private static readonly TimeSpan _endOfNight = TimeSpan.FromHours(4);

    private static readonly Job[] _jobs =
    [
        .. _districts.Select(
            (d, i) =>
                new Job($"SIS nightly sync – {d.Name}", d.Name, d.People, d.Organizations)
                {
                    At = TimeSpan.FromHours(2) + i * TimeSpan.FromMinutes(12),
                    Duration = TimeSpan.FromSeconds(900 + d.People / 40),
                    HasActivities = true,
                }
        ),
        .. _districts.Select(
            (d, i) =>
                new Job($"OneRoster delta – {d.Name}", d.Name, d.People / 150, d.Organizations)
                {
                    At = TimeSpan.FromHours(6) + i * TimeSpan.FromMinutes(5),
                    Until = TimeSpan.FromHours(18),
                    Duration = TimeSpan.FromMinutes(3),
                    IsOnWeekends = false,
                }
        ),
        new("Class groups → Teams", "", 4_200, 186)
        {
            At = TimeSpan.FromHours(4.25),
            Duration = TimeSpan.FromMinutes(22),
        },
        new("Guardian contacts", "", 88_000, 186)
        {
            At = TimeSpan.FromHours(5.5),
            Duration = TimeSpan.FromMinutes(14),
            WarningRate = 0.35,
        },
        new("Staff from HR", "", 11_700, 186)
        {
            At = TimeSpan.FromHours(3),
            Duration = TimeSpan.FromMinutes(9),
            Weekday = DayOfWeek.Monday,
        },
    ];

    /// <summary>
    /// Creates the bodies of the requests that add the runs of the last <see cref="Days"/> days, oldest first. The same
    /// time gives the same runs.
    /// </summary>
    /// <param name="now">The current time.</param>
    public static IEnumerable<JsonObject> Create(DateTimeOffset now)
    {
        var random = new Random(0);
        var today = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
        for (var age = Days; age >= 0; age--)
        {
            foreach (var run in _jobs.SelectMany(job => CreateDay(job, today, age, now, random)))
            {
                yield return run;
            }
        }

        // These run at every time of the day.
        yield return CreateRunning(
            "Photo import",
            now - TimeSpan.FromMinutes(6),
            now + TimeSpan.FromMinutes(14),
            61_300
        );
        yield return CreateRunning(
            "Warehouse export",
            now - TimeSpan.FromHours(5),
            now - TimeSpan.FromHours(2),
            144_700
        );
    }

    private static IEnumerable<JsonObject> CreateDay(
        Job job,
        DateTimeOffset today,
        int age,
        DateTimeOffset now,
        Random random
    )
    {
        var day = today.AddDays(-age);
        if (
            (job.Weekday is { } weekday && day.DayOfWeek != weekday)
            || (!job.IsOnWeekends && day.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday)
        )
        {
            yield break;
        }

        for (var time = job.At; time <= job.Until; time += TimeSpan.FromHours(1))
        {
            var start = (day + time).AddMilliseconds(random.Next(90_000));
            if (start < now && start >= now.AddDays(-Days))
            {
                yield return Create(job, start, age, now, random);
            }
        }
    }

    private static JsonObject Create(Job job, DateTimeOffset start, int age, DateTimeOffset now, Random random)
    {
        var isSlow = age == SlowAgeDays;
        var isLastNight = age == (now.UtcDateTime.TimeOfDay < _endOfNight ? 1 : 0);
        var duration = job.Duration * (0.8 + 0.5 * random.NextDouble()) * (isSlow ? SlowFactor : 1);
        var chance = random.NextDouble();

        // The authority grows by a tenth in these days.
        var people = (int)(job.People * (1 - 0.1 * age / Days) * (0.98 + 0.04 * random.NextDouble()));
        var error =
            job.District == OutageDistrict && age is >= OutageAgeDays and < OutageAgeDays + OutageDays
                ? SampleError.CertificateExpired
            : job.HasActivities && isLastNight && _failedLastNight.Contains(job.District)
                ? SampleError.SourceUnavailable
            : chance < 0.004 ? SampleError.InvalidFile
            : null;
        var (status, faults) =
            start + duration > now ? ("running", 0)
            : error is not null ? ("failed", 1)
            : chance < 0.03 ? ("completedWithErrors", random.Next(1, 40))
            : chance < 0.03 + (isSlow ? 0.9 : job.WarningRate) ? ("completedWithWarnings", random.Next(1, 900))
            : ("completed", 0);
        var body = status switch
        {
            "running" => Body(job, start, start + job.Duration * 1.5, status, faults, people / 2),
            "failed" => Body(job, start, start + duration * error!.PartOfDuration, status, faults, people: 0),
            _ => Body(job, start, start + duration, status, faults, people),
        };
        body["activities"] = Activities(job, status);
        if (status == "failed")
        {
            body["blockingError"] = error!.ToJson(job.District);
        }

        return body;
    }

    private static JsonObject CreateRunning(
        string name,
        DateTimeOffset start,
        DateTimeOffset expectedEnd,
        int people
    ) => Body(new Job(name, "", people, 186), start, expectedEnd, "running", 0, people / 3);

    private static JsonObject Body(
        Job job,
        DateTimeOffset start,
        DateTimeOffset end,
        string status,
        int faults,
        int people
    )
    {
        var isWithErrors = status is "failed" or "completedWithErrors";
        return new JsonObject
        {
            ["displayName"] = job.Name,
            ["startDateTime"] = Format(start),
            ["endDateTime"] = Format(end),
            ["status"] = status,
            ["statistics"] = new JsonObject
            {
                ["inboundTotals"] = new JsonObject
                {
                    ["errors"] = isWithErrors ? faults : 0,
                    ["warnings"] = isWithErrors ? 0 : faults,
                    ["people"] = people,
                    ["groups"] = (int)(people / 3.4),
                    ["memberships"] = people * 6L,
                    ["organizations"] = people > 0 ? job.Organizations : 0,
                    ["matchedPeopleByRole"] = new JsonArray(
                        new JsonObject { ["role"] = "student", ["count"] = (int)(people * 0.9) },
                        new JsonObject { ["role"] = "teacher", ["count"] = people - (int)(people * 0.9) }
                    ),
                },
                ["rowsPerSecond"] = end > start ? Math.Round(people * 7 / (end - start).TotalSeconds, 1) : 0,
            },
        };
    }

    private static JsonArray Activities(Job job, string status)
    {
        var (read, write) = ($"Read {job.District}", "Write directory");
        return (job.HasActivities, status) switch
        {
            (false, _) => [],
            (_, "running") => [Activity("inbound", read, "inProgress")],
            (_, "failed") => [Activity("inbound", read, "failed"), Activity("outbound", write, "skipped")],
            _ => [Activity("inbound", read, status), Activity("outbound", write, "completed")],
        };
    }

    private static JsonObject Activity(string type, string name, string status) =>
        new()
        {
            ["@odata.type"] = $"#microsoft.graph.industryData.{type}FlowActivity",
            ["displayName"] = name,
            ["status"] = status,
        };

    private static string Format(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>A job with its usual time, duration and number of people.</summary>
    private sealed record Job(string Name, string District, int People, int Organizations)
    {
        /// <summary>The time of the day of the first run.</summary>
        public TimeSpan At { get; init; }

        /// <summary>The job starts each hour until this time; if it is zero, once a day.</summary>
        public TimeSpan Until
        {
            get => field > At ? field : At;
            init;
        }

        public TimeSpan Duration { get; init; }

        public bool IsOnWeekends { get; init; } = true;

        /// <summary>The day of a weekly job.</summary>
        public DayOfWeek? Weekday { get; init; }

        public bool HasActivities { get; init; }

        public double WarningRate { get; init; } = 0.1;
    }

    /// <summary>A reason for a failure.</summary>
    private sealed record SampleError(string Code, string Message, double PartOfDuration)
    {
        public static readonly SampleError SourceUnavailable = new(
            "sourceUnavailable",
            "The student information system did not answer within 5 minutes.",
            PartOfDuration: 0.3
        );

        public static readonly SampleError CertificateExpired = new(
            "authenticationFailed",
            "The client certificate of the connector has expired.",
            PartOfDuration: 0.01
        );

        public static readonly SampleError InvalidFile = new(
            "invalidFile",
            "enrollments.csv: line 4,117 has 9 fields, and 11 are expected.",
            PartOfDuration: 0.2
        );

        public JsonObject ToJson(string district) =>
            new()
            {
                ["code"] = Code,
                ["message"] = Message,
                ["target"] = district.Length > 0 ? district : null,
            };
    }
}
