using FluentValidation;
using IndustryData.Application.Common;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Writes the partitions that ended before a time to files, and drops them if that is wanted.</summary>
/// <param name="Before">The time. It is not in the future.</param>
/// <param name="Folder">The folder of the archives.</param>
/// <param name="Drops">True if each partition is dropped after its archive is complete.</param>
/// <param name="Progress">Takes reports; null for none.</param>
public sealed record ArchiveRunsCommand(
    DateTimeOffset Before,
    string Folder,
    bool Drops = false,
    IProgress<ArchiveProgress>? Progress = null
) : ICommand<Result<ArchiveSummary>>;

/// <summary>The progress of an archive.</summary>
/// <param name="Partition">The partition that is written.</param>
/// <param name="Runs">The number of its runs that are written.</param>
public readonly record struct ArchiveProgress(string Partition, long Runs);

/// <summary>The result of an archive.</summary>
/// <param name="Archives">The archives, also those that existed already.</param>
/// <param name="Dropped">The number of partitions that were dropped.</param>
public sealed record ArchiveSummary(IReadOnlyList<PartitionArchive> Archives, int Dropped);

internal sealed class ArchiveRunsValidator : AbstractValidator<ArchiveRunsCommand>
{
    public ArchiveRunsValidator(TimeProvider clock) =>
        RuleFor(c => c.Before).Must(before => before <= clock.GetUtcNow()).WithError(RunErrors.ArchivesOnlyThePast);
}

internal sealed class ArchiveRunsHandler(IRunArchive archive)
    : ICommandHandler<ArchiveRunsCommand, Result<ArchiveSummary>>
{
    public async ValueTask<Result<ArchiveSummary>> Handle(
        ArchiveRunsCommand command,
        CancellationToken cancellationToken
    )
    {
        // Runs of a detached partition no longer change, so that the archive has their last state.
        if (command.Drops)
        {
            await archive.DetachAsync(command.Before, cancellationToken);
        }

        var (archives, dropped) = (new List<PartitionArchive>(), 0);
        foreach (var partition in await archive.ListAsync(command.Before, cancellationToken))
        {
            var written = await archive.WriteAsync(
                partition,
                command.Folder,
                runs => command.Progress?.Report(new ArchiveProgress(partition, runs)),
                cancellationToken
            );
            if (!written.TryGetValue(out var files, out var error))
            {
                return error;
            }

            archives.Add(files);
            if (command.Drops && await archive.DropAsync(partition, cancellationToken))
            {
                dropped++;
            }
        }

        return new ArchiveSummary(archives, dropped);
    }
}
