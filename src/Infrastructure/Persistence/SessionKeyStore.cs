using IndustryData.Application.Common;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>Stores the keys of sessions in the table <c>session_keys</c>, which only its owner can read.</summary>
internal sealed class SessionKeyStore(
    [FromKeyedServices(DataSources.Health)] NpgsqlDataSource database,
    IDatabaseHealth health
) : ISessionKeys
{
    public IReadOnlyList<string> Read()
    {
        using var command = Command("SELECT xml FROM session_keys ORDER BY id");
        using var rows = command.ExecuteReader();
        var keys = new List<string>();
        while (rows.Read())
        {
            keys.Add(rows.GetString(0));
        }

        return keys;
    }

    public void Add(string xml)
    {
        using var command = Command("INSERT INTO session_keys (xml) VALUES ($1)");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = xml });
        command.ExecuteNonQuery();
    }

    // During an outage, each request with a cookie would block a thread until the attempt to connect times out.
    private NpgsqlCommand Command(string sql) =>
        health.Outage is null ? database.CreateCommand(sql) : throw ReadSession.DatabaseLost();
}
