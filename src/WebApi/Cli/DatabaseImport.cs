using System.Threading.Channels;
using IndustryData.Application.Runs;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Runs;
using Mediator;

namespace IndustryData.WebApi.Cli;

/// <summary>
/// Imports files into the database. Each portion is one transaction. While a portion is stored, the next one is read.
/// </summary>
/// <param name="sender">Sends the portions to the use case.</param>
/// <param name="reader">Reads the runs.</param>
/// <param name="tenantId">The tenant of the runs.</param>
/// <param name="progress">The counts.</param>
/// <param name="refused">Takes the refused lines.</param>
internal sealed class DatabaseImport(
    ISender sender,
    RunLineReader reader,
    TenantId tenantId,
    ImportProgress progress,
    RefusedLines refused
) : IImport
{
    public async Task RunAsync(ImportFile file, string label, long maxErrors, CancellationToken cancellationToken)
    {
        var portions = Channel.CreateBounded<Portion>(1);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = Task.Run(() => ReadAsync(file, label, portions.Writer, ending.Token), CancellationToken.None);
        try
        {
            await foreach (var portion in portions.Reader.ReadAllAsync(ending.Token))
            {
                await AddAsync(file, portion);
                if (progress.Refused > maxErrors)
                {
                    return;
                }
            }
        }
        finally
        {
            await ending.CancelAsync();
            await reading;
        }
    }

    private async Task ReadAsync(
        ImportFile file,
        string label,
        ChannelWriter<Portion> portions,
        CancellationToken cancellationToken
    )
    {
        try
        {
            // After the first line that is not imported, all others are new.
            var isNew = false;
            await foreach (var lines in file.ReadAsync(label, cancellationToken))
            {
                var done = isNew ? 0 : await SkipAsync(file, lines, cancellationToken);
                if (done < lines.Count)
                {
                    isNew = true;
                    await portions.WriteAsync(Prepare(lines, done), cancellationToken);
                }
            }

            portions.Complete();
        }
        catch (Exception exception)
        {
            portions.Complete(exception);
        }
    }

    /// <summary>Finds out how many of the lines are imported already.</summary>
    private async Task<int> SkipAsync(ImportFile file, ImportLines lines, CancellationToken cancellationToken)
    {
        var keys = lines.Keys;
        var found = (await sender.Send(new FindImportedPortionsQuery(tenantId, keys), cancellationToken)).Value;
        if (found.Count == 0)
        {
            return 0;
        }

        var ends = found.Select(f => f.LastLineKey).ToHashSet();
        var done = keys.Count;
        while (!ends.Contains(keys[done - 1]))
        {
            done--;
        }

        // The lines that were refused then are written again, so that the output is complete.
        var count = found.Sum(f => f.Refused);
        for (var i = 0; count > 0 && i < done; i++)
        {
            var line = lines[i];
            if (
                (line.Body is { } body ? reader.FindErrors(tenantId, line.Number, body) : ImportCommand.TooLong) is
                { } error
            )
            {
                refused.Add(file.Name, line.Number, error);
            }
        }

        progress.Skip(done, count);
        return done;
    }

    private Portion Prepare(ImportLines lines, int first)
    {
        var (read, unreadable) = (new List<ImportLine>(lines.Count - first), new List<RefusedLine>());
        for (var i = first; i < lines.Count; i++)
        {
            var line = lines[i];
            if (line.Body is not { } body)
            {
                unreadable.Add(new RefusedLine(line.Number, ImportCommand.TooLong));
            }
            else if (reader.Read(tenantId, line.Number, body).TryGetValue(out var run, out var error))
            {
                read.Add(run);
            }
            else
            {
                unreadable.Add(new RefusedLine(line.Number, error));
            }
        }

        return new Portion(
            new ImportRunsCommand(
                tenantId,
                read,
                new ImportPortion(lines[lines.Count - 1].Key, lines.Count - first, unreadable.Count)
            ),
            unreadable
        );
    }

    // A portion that is being stored is completed, also if the command is interrupted.
    private async Task AddAsync(ImportFile file, Portion portion)
    {
        if (!(await sender.Send(portion.Command, CancellationToken.None)).TryGetValue(out var outcome, out var error))
        {
            throw new StartupException(error.Message);
        }

        foreach (var line in portion.Unreadable.Concat(outcome.Refused).OrderBy(l => l.Number))
        {
            refused.Add(file.Name, line.Number, line.Error);
        }

        refused.Flush();
        progress.Add(
            portion.Command.Portion.Lines,
            outcome.Added,
            outcome.Repeated,
            portion.Unreadable.Count + outcome.Refused.Count
        );
    }

    private sealed record Portion(ImportRunsCommand Command, IReadOnlyList<RefusedLine> Unreadable);
}
