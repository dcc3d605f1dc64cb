using System.Collections.Frozen;
using IndustryData.Application.Common;
using IndustryData.Infrastructure.Persistence.GroupCommit;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>Determines the outage that an exception indicates.</summary>
internal static class OutageClassifier
{
    private static readonly FrozenDictionary<string, DatabaseOutage> _sqlStates = new Dictionary<string, DatabaseOutage>
    {
        [PostgresErrorCodes.UndefinedTable] = DatabaseOutages.SchemaOutdated,
        [PostgresErrorCodes.UndefinedColumn] = DatabaseOutages.SchemaOutdated,
        [PostgresErrorCodes.UndefinedFunction] = DatabaseOutages.SchemaOutdated,

        // A server in recovery returns 55000 for functions that need a primary.
        [PostgresErrorCodes.ReadOnlySqlTransaction] = DatabaseOutages.ReadOnly,
        [PostgresErrorCodes.ObjectNotInPrerequisiteState] = DatabaseOutages.ReadOnly,
        [PostgresErrorCodes.DiskFull] = DatabaseOutages.StorageFull,
        [PostgresErrorCodes.LockNotAvailable] = DatabaseOutages.Busy,
        [PostgresErrorCodes.TooManyConnections] = DatabaseOutages.Busy,
        [PostgresErrorCodes.InvalidCatalogName] = DatabaseOutages.AccessDenied,
        [PostgresErrorCodes.InsufficientPrivilege] = DatabaseOutages.AccessDenied,
    }.ToFrozenDictionary();

    // The error classes of all other SQLSTATEs (PostgreSQL manual, appendix A).
    private static readonly FrozenDictionary<string, DatabaseOutage> _classes = new Dictionary<string, DatabaseOutage>
    {
        ["08"] = DatabaseOutages.Unavailable,
        ["28"] = DatabaseOutages.AccessDenied,
        ["40"] = DatabaseOutages.Busy,
        ["53"] = DatabaseOutages.Unavailable,
        ["57"] = DatabaseOutages.Unavailable,
    }.ToFrozenDictionary();

    /// <summary>Returns the outage that a request's exception indicates; null if it has another cause.</summary>
    public static DatabaseOutage? Classify(Exception exception) =>
        exception switch
        {
            // Nothing of the request was stored. A canceled write is not a query that was too slow.
            NotCommittedException { InnerException: { } cause } => (
                CommitFailures.Find(cause)?.SqlState == PostgresErrorCodes.QueryCanceled
                    ? DatabaseOutages.Busy
                    : Classify(cause)
            )
                is { } outage
                ? outage with
                {
                    NothingWasStored = true,
                }
                : null,
            CommitOutcomeUnknownException => DatabaseOutages.OutcomeUnknown,
            DatabaseLostException => DatabaseOutages.Unavailable,

            // A canceled query does not indicate an outage. Cancellation by the caller does not reach this method.
            OperationCanceledException or PostgresException { SqlState: PostgresErrorCodes.QueryCanceled } =>
                DatabaseOutages.QueryTimeout,

            // The C function that looks up collations (src/backend/catalog/namespace.c).
            PostgresException { SqlState: PostgresErrorCodes.UndefinedObject, Routine: "get_collation_oid" } =>
                DatabaseOutages.IcuUnavailable,
            PostgresException postgres => Find(postgres.SqlState),

            // No connection was free in time. The heartbeat checks whether the database answers.
            NpgsqlException { InnerException: TimeoutException } => DatabaseOutages.Busy,
            NpgsqlException => DatabaseOutages.Unavailable,
            QueueFullException => DatabaseOutages.WriteQueueFull,
            TimeoutException => DatabaseOutages.Busy,

            _ when exception.Source == nameof(Npgsql) && SessionFailures.IsPossible(exception) =>
                DatabaseOutages.Unavailable,
            _ when exception.InnerException is { } inner => Classify(inner),
            _ => null,
        };

    /// <summary>Returns the outage that the exception of a probe indicates. A probe fails only in an outage.</summary>
    /// <param name="exception">The exception.</param>
    /// <param name="isAlive">True if the database answers heartbeats. It may still be too busy for a probe.</param>
    public static DatabaseOutage ClassifyProbe(Exception exception, bool isAlive) =>
        exception is UnsupportedSchemaException ? DatabaseOutages.SchemaOutdated
        : CommitFailures.Find(exception) is { } postgres ? Find(postgres.SqlState) ?? DatabaseOutages.Unavailable
        : isAlive && exception is NpgsqlException { InnerException: TimeoutException } or TimeoutException
            ? DatabaseOutages.Busy
        : DatabaseOutages.Unavailable;

    private static DatabaseOutage? Find(string sqlState) =>
        _sqlStates.GetValueOrDefault(sqlState) ?? _classes.GetValueOrDefault(sqlState[..2]);
}
