using IndustryData.Application.Runs;
using IndustryData.Domain;
using IndustryData.Domain.Runs;

namespace IndustryData.Application.UnitTests;

/// <summary>A valid run in each of its representations.</summary>
internal static class Sample
{
    public static readonly RunDraft Draft = new()
    {
        DisplayName = "Nightly rostering",
        StartDateTime = new DateTimeOffset(2026, 11, 22, 2, 0, 0, TimeSpan.Zero),
        EndDateTime = new DateTimeOffset(2026, 11, 22, 2, 41, 7, TimeSpan.Zero),
        Status = RunStatus.Failed,
        Statistics = RunStatistics.Empty,
        BlockingError = PublicError.Parse("""{"code":"diskFull"}"""u8),
    };

    public static RunResponse Response(Guid id) =>
        new(
            id,
            "Nightly rostering",
            Draft.StartDateTime!.Value,
            null,
            "running",
            """{"a":1}""",
            null,
            UseCases.Now,
            UseCases.Now,
            3
        );

    /// <summary>Creates list items. Each item starts one minute before the previous item.</summary>
    /// <param name="count">The number of items.</param>
    public static IReadOnlyList<RunListItem> Items(int count) =>
        [
            .. Enumerable
                .Range(0, count)
                .Select(i => new RunListItem(
                    Guid.CreateVersion7(),
                    $"Run {i}",
                    UseCases.Now.AddMinutes(-i),
                    null,
                    "running",
                    null,
                    UseCases.Now,
                    UseCases.Now,
                    1
                )),
        ];

    /// <summary>Formats the validation errors as <c>code path</c>.</summary>
    public static string[] Shown(this Error? error) => [.. (error?.Details ?? []).Select(f => $"{f.Code} {f.Target}")];
}
