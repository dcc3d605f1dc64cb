using IndustryData.Application.Common;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>Stores the keys of sessions in the table <c>session_keys</c>, which only its owner can read.</summary>
internal sealed class SessionKeyStore(
    [FromKeyedServices(DataSources.Health)] NpgsqlDataSource database,
    TimeProvider clock
) : ISessionKeys
{
    // Each attempt blocks a thread until it times out. After a failure, the next requests do not try again at once.
    private static readonly TimeSpan _pauseAfterFailure = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private long? _failedAt;

    public IReadOnlyList<string> Read() =>
        Run(() =>
        {
            using var command = database.CreateCommand("SELECT xml FROM session_keys ORDER BY id");
            using var rows = command.ExecuteReader();
            var keys = new List<string>();
            while (rows.Read())
            {
                keys.Add(rows.GetString(0));
            }

            return keys;
        });

    public void Add(string xml) =>
        Run(() =>
        {
            using var command = database.CreateCommand("INSERT INTO session_keys (xml) VALUES ($1)");
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = xml });
            return command.ExecuteNonQuery();
        });

    private T Run<T>(Func<T> statement)
    {
        lock (_lock)
        {
            if (_failedAt is { } failedAt && clock.GetElapsedTime(failedAt) < _pauseAfterFailure)
            {
                throw ReadSession.DatabaseLost();
            }

            try
            {
                var result = statement();
                _failedAt = null;
                return result;
            }
            catch (NpgsqlException)
            {
                _failedAt = clock.GetTimestamp();
                throw;
            }
        }
    }
}
