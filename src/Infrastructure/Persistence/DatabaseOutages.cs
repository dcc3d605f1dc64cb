using IndustryData.Application.Common;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>The outages of the database, with the code and the message that the response has.</summary>
internal static class DatabaseOutages
{
    public static readonly DatabaseOutage Unavailable = new(
        "databaseUnavailable",
        "The database cannot be reached at the moment; try again in a few seconds.",
        TimeSpan.FromSeconds(2)
    );

    public static readonly DatabaseOutage AccessDenied = new(
        "databaseAccessDenied",
        "The database refuses this service; its operator has to check the account, the password and the database of "
            + "the connection string.",
        TimeSpan.FromSeconds(30)
    );

    public static readonly DatabaseOutage ReadOnly = new(
        "databaseReadOnly",
        "The database accepts no writes at the moment, for example because it is a standby; try again in a few "
            + "seconds.",
        TimeSpan.FromSeconds(5)
    );

    public static readonly DatabaseOutage StorageFull = new(
        "databaseStorageFull",
        "The disk of the database server is full; its operator has to free space or add some.",
        TimeSpan.FromSeconds(30)
    );

    public static readonly DatabaseOutage Busy = new(
        "databaseBusy",
        "The database could not complete the request in time, or other work in the database prevented it; try again "
            + "in a few seconds.",
        TimeSpan.FromSeconds(2)
    );

    public static readonly DatabaseOutage OutcomeUnknown = new(
        "outcomeUnknown",
        "The database did not confirm the write. Send the request again with the same idempotency key; without a "
            + "key, check first whether it was stored.",
        TimeSpan.FromSeconds(5)
    );

    public static readonly DatabaseOutage CommitsStalled = new(
        "commitsStalled",
        "The database answers, but does not confirm commits in time; its operator has to check its disk and its "
            + "synchronous standby.",
        TimeSpan.FromSeconds(10)
    );

    public static readonly DatabaseOutage Migrating = new(
        "migrating",
        "The database's schema is being migrated; try again in a few seconds.",
        TimeSpan.FromSeconds(10)
    );

    public static readonly DatabaseOutage Restoring = new(
        "restoring",
        "The database was restored, and the service is examining it; try again in a few seconds.",
        TimeSpan.FromSeconds(10)
    );

    public static readonly DatabaseOutage NotDurable = new(
        "databaseNotDurable",
        "The database server runs with fsync=off, so that no write is durable. Its operator has to set fsync=on.",
        TimeSpan.FromSeconds(30)
    );

    public static readonly DatabaseOutage WriteQueueFull = new(
        "writeQueueFull",
        "The database cannot store the writes as fast as they are sent at the moment; try again in a few seconds.",
        TimeSpan.FromSeconds(2),
        NothingWasStored: true
    );

    public static readonly DatabaseOutage SchemaOutdated = new(
        "schemaOutdated",
        "The database's schema is older than this service. Its operator has to run the command 'migrate'.",
        TimeSpan.FromSeconds(30)
    );

    public static readonly DatabaseOutage DatabaseVersionUnsupported = new(
        "databaseVersionUnsupported",
        "The database server is older than PostgreSQL 15. Its operator has to connect a server of version 15 to 18.",
        TimeSpan.FromSeconds(30)
    );

    public static readonly DatabaseOutage QueryTimeout = new(
        DatabaseOutage.QueryTimeoutCode,
        "The query took longer than this service allows and was canceled. Narrow it, preferably with $filter on "
            + "startDateTime, or leave out $count and $skip; or try again when the service is less busy.",
        TimeSpan.FromSeconds(5)
    );

    public static readonly DatabaseOutage IcuUnavailable = new(
        "icuUnavailable",
        "The database server was built without ICU, which tolower and $search require; leave them out, or ask its "
            + "operator to install a server with ICU.",
        TimeSpan.FromSeconds(30)
    );
}
