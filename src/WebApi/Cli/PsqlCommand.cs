using System.Diagnostics;
using IndustryData.Infrastructure.EmbeddedPostgres;

namespace IndustryData.WebApi.Cli;

/// <summary>
/// The command <c>psql [arguments…]</c>: runs the client of PostgreSQL, connected to the embedded database.
/// </summary>
internal static class PsqlCommand
{
    public static async Task<int> RunAsync(PsqlConnection connection, IEnumerable<string> arguments)
    {
        // In psql, Ctrl+C cancels a query. It must not end this process.
        Console.CancelKeyPress += (_, e) => e.Cancel = true;
        var program =
            connection.Program
            ?? throw new StartupException(
                "There is no psql beside the server programs; install the PostgreSQL client."
            );
        var start = new ProcessStartInfo(program, arguments)
        {
            Environment =
            {
                ["PGHOST"] = connection.Host,
                ["PGPORT"] = $"{connection.Port}",
                ["PGUSER"] = connection.User,
                ["PGDATABASE"] = connection.Database,
                ["PGPASSWORD"] = connection.Password,
            },
        };
        using var psql = Process.Start(start)!;
        await psql.WaitForExitAsync();
        return psql.ExitCode;
    }
}
