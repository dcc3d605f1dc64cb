using IndustryData.Application.Common;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>
/// Adds the runs of a portion of a file in one transaction, which also records that the portion is imported. The rules
/// are those of <see cref="AddRunCommand"/>. A run that breaks them is refused, and the others are added.
/// </summary>
/// <param name="TenantId">The tenant that owns the runs.</param>
/// <param name="Lines">The lines that could be read.</param>
/// <param name="Portion">The portion.</param>
public sealed record ImportRunsCommand(TenantId TenantId, IReadOnlyList<ImportLine> Lines, ImportPortion Portion)
    : ICommand<Result<ImportOutcome>>;

/// <summary>A line of a file.</summary>
/// <param name="Number">The number of the line, from 1.</param>
/// <param name="Run">The reported run.</param>
/// <param name="Key">The idempotency key that the line names; null if it names none.</param>
public sealed record ImportLine(long Number, RunDraft Run, IdempotencyKey? Key = null);

/// <summary>Consecutive lines of a file.</summary>
/// <param name="LastLineKey">The key of the last line, which depends on all lines up to it.</param>
/// <param name="Lines">The number of lines, also of those that could not be read.</param>
/// <param name="Unreadable">The number of lines that could not be read.</param>
public sealed record ImportPortion(Guid LastLineKey, int Lines, int Unreadable);

/// <summary>The outcome of the import of a portion.</summary>
/// <param name="Added">The number of runs that were added.</param>
/// <param name="Repeated">The number of lines whose idempotency key was used for the same line before.</param>
/// <param name="Refused">The lines that were not added, with the reason.</param>
public sealed record ImportOutcome(int Added, int Repeated, IReadOnlyList<RefusedLine> Refused);

/// <summary>A line whose run was not added.</summary>
/// <param name="Number">The number of the line, from 1.</param>
/// <param name="Error">The error.</param>
public sealed record RefusedLine(long Number, Error Error);

internal sealed class ImportRunsHandler(IRunImport import, IMessageValidator<AddRunCommand> rules, TimeProvider clock)
    : ICommandHandler<ImportRunsCommand, Result<ImportOutcome>>
{
    public async ValueTask<Result<ImportOutcome>> Handle(ImportRunsCommand command, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var (runs, numbers, refused) = (
            new List<KeyedRun>(command.Lines.Count),
            new List<long>(),
            new List<RefusedLine>()
        );
        foreach (var line in command.Lines)
        {
            if (rules.Validate(new AddRunCommand(command.TenantId, line.Run)) is { Count: > 0 } errors)
            {
                refused.Add(new RefusedLine(line.Number, Error.Aggregate(errors)));
                continue;
            }

            runs.Add(new KeyedRun(Run.Create(command.TenantId, line.Run, now), line.Key));
            numbers.Add(line.Number);
        }

        var portion = command.Portion with { Unreadable = command.Portion.Unreadable + refused.Count };
        var added = await import.AddAsync(command.TenantId, runs, portion, now, cancellationToken);
        if (!added.TryGetValue(out var keys, out var error))
        {
            return error;
        }

        refused.AddRange(keys.Reused.Select(i => new RefusedLine(numbers[i], RunErrors.IdempotencyKeyReused())));
        return new ImportOutcome(runs.Count - keys.Repeated - keys.Reused.Count, keys.Repeated, refused);
    }
}
