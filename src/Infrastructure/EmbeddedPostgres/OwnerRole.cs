using System.Security.Cryptography;
using IndustryData.Infrastructure.Persistence.Migrations;
using Npgsql;

namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>
/// The role with which the service connects to the embedded database. It owns the database and its tables, and has no
/// other rights. The superuser creates it.
/// </summary>
internal static class OwnerRole
{
    public const string Name = "industrydata_owner";

    private const int ScramIterations = 4096;

    /// <summary>
    /// Creates the roles of the service, and gives the database to the owner. A database of a version that connected as
    /// the superuser is converted. A server in recovery that has replayed this is not changed.
    /// </summary>
    /// <param name="superuser">A connection of the superuser to the database of the service.</param>
    /// <param name="password">The password of the owner.</param>
    /// <param name="cancellationToken">Cancels the statements.</param>
    /// <exception cref="PostgresException">
    /// The state is 25006 if the server is in recovery and has no owner yet.
    /// </exception>
    public static async Task EnsureAsync(
        NpgsqlConnection superuser,
        string password,
        CancellationToken cancellationToken
    )
    {
        // An operator may have set the database to read-only, so that the service only serves reads.
        await using var prepare = new NpgsqlCommand(
            $"""
            SELECT pg_is_in_recovery() AND to_regrole('{Name}') IS NOT NULL,
                set_config('default_transaction_read_only', 'off', false)
            """,
            superuser
        );
        if (await prepare.ExecuteScalarAsync(cancellationToken) is true)
        {
            return;
        }

        await GiveDatabaseAsync(superuser, cancellationToken);

        // The password itself could get into the log of the server.
        await using var setPassword = new NpgsqlCommand(
            $"ALTER ROLE {Name} LOGIN PASSWORD '{ScramVerifier(password)}'",
            superuser
        );
        await setPassword.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Makes the owner own the database of a connection, with its tables and functions.</summary>
    public static async Task GiveDatabaseAsync(NpgsqlConnection superuser, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(MigrationSql.Read("roles.sql"), superuser);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    // The form in which PostgreSQL stores a password (RFC 5803).
    private static string ScramVerifier(string password)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(16);
        byte[] salted = Rfc2898DeriveBytes.Pbkdf2(password, salt, ScramIterations, HashAlgorithmName.SHA256, 32);
        byte[] storedKey = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
        byte[] serverKey = HMACSHA256.HashData(salted, "Server Key"u8);
        return $"SCRAM-SHA-256${ScramIterations}:{Convert.ToBase64String(salt)}"
            + $"${Convert.ToBase64String(storedKey)}:{Convert.ToBase64String(serverKey)}";
    }
}
