namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>The parameters with which <c>psql</c> connects to the running embedded PostgreSQL.</summary>
/// <param name="Host">The directory of the Unix socket, or 127.0.0.1.</param>
/// <param name="Port">The TCP port; for a Unix socket, the number in the name of the socket.</param>
/// <param name="User">The superuser of the cluster.</param>
/// <param name="Database">The service's database.</param>
/// <param name="Password">The superuser's password, for PGPASSWORD.</param>
/// <param name="Program">
/// The path of <c>psql</c> in the server's version; null if it is not installed in the same directory.
/// </param>
public sealed record PsqlConnection(
    string Host,
    int Port,
    string User,
    string Database,
    string Password,
    string? Program
)
{
    /// <summary>The connection string.</summary>
    public string ConnectionString =>
        PostgresCluster.Connection(new Endpoint(Host, Port), User, Password).ConnectionString;

    /// <summary>Returns the connection without the password, so that the password does not appear in logs.</summary>
    public override string ToString() => $"{User}@{Host}:{Port}/{Database}";
}
