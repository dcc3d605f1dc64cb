namespace IndustryData.Infrastructure;

/// <summary>
/// The exception that is thrown when the database to distribute is not the coordinator of a Citus cluster.
/// </summary>
public sealed class MissingCitusException()
    : Exception(
        "The database does not have the extension citus. Connect to the coordinator of a Citus cluster, whose nodes "
            + "all have the extension in this database."
    );
