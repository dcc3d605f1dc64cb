namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>What <c>psql</c> needs to reach the running embedded PostgreSQL.</summary>
/// <param name="Host">The folder of the Unix socket, or 127.0.0.1.</param>
/// <param name="Port">The TCP port; with a socket, the number in the socket's name.</param>
/// <param name="User">The superuser of the cluster.</param>
/// <param name="Database">The service's database.</param>
/// <param name="Password">The superuser's password, for PGPASSWORD.</param>
/// <param name="Program">
/// The path of a <c>psql</c> of the server's version, or null when none is installed beside it.
/// </param>
public sealed record PsqlConnection(string Host, int Port, string User, string Database, string Password, string? Program)
{
    /// <summary>The connection without its password, so that logging it gives nothing away.</summary>
    public override string ToString() => $"{User}@{Host}:{Port}/{Database}";
}
