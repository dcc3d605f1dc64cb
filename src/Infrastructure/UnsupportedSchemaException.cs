namespace IndustryData.Infrastructure;

/// <summary>
/// The exception that is thrown when no migration leads from the schema of the database to the schema of this version.
/// The message says what the operator can do.
/// </summary>
public sealed class UnsupportedSchemaException()
    : Exception(
        "The database has a schema from before version 0.1.0, which cannot be migrated. It was not changed. "
            + "Export its runs with the version that made it, then start with a new, empty database."
    );
