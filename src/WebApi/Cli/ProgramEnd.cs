using System.Net.Sockets;
using IndustryData.Infrastructure;
using IndustryData.Infrastructure.EmbeddedPostgres;
using Microsoft.AspNetCore.Connections;
using Npgsql;

namespace IndustryData.WebApi.Cli;

/// <summary>Describes why the program ends with exit code 1.</summary>
internal static class ProgramEnd
{
    /// <summary>
    /// Describes the exception that ends the program. The description is one line if the operator can correct the
    /// cause. Otherwise, it is the exception with its stack trace.
    /// </summary>
    /// <param name="exception">The exception that no command handled.</param>
    /// <param name="isEmbedded">
    /// True if the database is the embedded one. The connection string is then not the cause.
    /// </param>
    public static string Describe(Exception exception, bool isEmbedded) =>
        exception switch
        {
            StartupException
            or EmbeddedPostgresException
            or UnsupportedSchemaException
            or MissingRolesException
            or MissingCitusException => Line(exception.Message),
            IOException { InnerException: AddressInUseException } => Line(
                $"{exception.Message} Stop the other program, or set ASPNETCORE_URLS to another port."
            ),
            InvalidDataException => Line(
                $"A configuration file cannot be read: {exception.Message} {exception.InnerException?.Message}"
            ),
            InvalidOperationException or SocketException or IOException when IsOfListening(exception) => Line(
                $"The service cannot listen as it is configured: {exception.Message} "
                    + "Correct ASPNETCORE_URLS, the ports or the section Kestrel."
            ),
            _ when InChain<NpgsqlException>(exception) is { } failure => Line(DescribeDatabase(failure, isEmbedded)),
            _ => "industrydata: The program ends because of an unexpected error. "
                + $"It is a defect of the program, not of a setting.{Environment.NewLine}{exception}",
        };

    /// <summary>Describes why the schema could not be applied.</summary>
    /// <returns>
    /// The description; null if the migration itself did not fail. In this case, the database could not be reached,
    /// does not exist, or rejects the account.
    /// </returns>
    public static string? DescribeMigration(Exception exception, bool isEmbedded)
    {
        // Class 28 is a rejected account, and class 3D is an unknown database (PostgreSQL, appendix A). In both cases,
        // no migration has started.
        if (InChain<PostgresException>(exception) is not { SqlState: not (['2', '8', ..] or ['3', 'D', ..]) } failure)
        {
            return null;
        }

        var advice =
            failure.SqlState == PostgresErrorCodes.InsufficientPrivilege
                ? "The account lacks a privilege: run 'migrate' as the owner of the tables, or grant it."
                : "No change of the failed migration was kept; the migrations before it were applied.";
        return $"The schema of {Database(isEmbedded)} could not be migrated: "
            + $"{failure.MessageText} (SQLSTATE {failure.SqlState}). {advice}";
    }

    private static string DescribeDatabase(NpgsqlException failure, bool isEmbedded) =>
        $"{Capitalized(Database(isEmbedded))} failed: {failure.Message} "
        + (
            isEmbedded
                ? "See its log, postgres/cluster/log in the data directory."
                : "Correct the connection string or start the server."
        );

    private static string Database(bool isEmbedded) =>
        isEmbedded ? "the embedded database" : "the database of ConnectionStrings:IndustryData";

    private static string Capitalized(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    private static string Line(string message) => $"industrydata: {message.ReplaceLineEndings(" ").TrimEnd()}";

    private static bool IsOfListening(Exception exception) =>
        exception.StackTrace?.Contains("Microsoft.AspNetCore.Server.Kestrel", StringComparison.Ordinal) == true;

    private static T? InChain<T>(Exception? exception)
        where T : Exception
    {
        while (exception is not null and not T)
        {
            exception = exception.InnerException;
        }

        return exception as T;
    }
}
