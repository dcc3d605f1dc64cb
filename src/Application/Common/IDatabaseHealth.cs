namespace IndustryData.Application.Common;

/// <summary>Whether the database can serve, and if not, why.</summary>
public interface IDatabaseHealth
{
    /// <summary>Null while the database serves.</summary>
    DatabaseOutage? Outage { get; }

    /// <summary>Null while the database serves and takes writes; a standby serves reads only.</summary>
    DatabaseOutage? WriteOutage { get; }

    /// <summary>Takes note of an exception that a use case ended with.</summary>
    /// <returns>The outage that the exception tells of; null when it is about something else.</returns>
    DatabaseOutage? Classify(Exception exception);
}

/// <summary>Why the database cannot serve.</summary>
/// <param name="Code">The cause in camelCase.</param>
/// <param name="Message">For the caller: what is wrong and who can do what; whether anything was stored is for whoever knows to add. Names no host, path or SQL.</param>
/// <param name="RetryAfter">When trying again is worth it.</param>
/// <param name="NothingWasStored">Whether the request was refused before anything of it can have been stored.</param>
public sealed record DatabaseOutage(string Code, string Message, TimeSpan RetryAfter, bool NothingWasStored = false);
