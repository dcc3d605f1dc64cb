using IndustryData.Application.Common;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Stores the keys of sessions in the table <c>session_keys</c>, which only its owner can read. A new key is stored
/// only if no other instance has added one since the last read: instances that need their first key at the same time
/// then use the same one. Otherwise, one of them would not know the key of the other until it reads the keys again, a
/// day later.
/// </summary>
internal sealed class SessionKeyStore(
    [FromKeyedServices(DataSources.Health)] NpgsqlDataSource database,
    TimeProvider clock
) : ISessionKeys
{
    // Each attempt blocks a thread until it times out. After a failure, the next requests do not try again at once.
    private static readonly TimeSpan _pauseAfterFailure = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private long? _failedAt;
    private int _lastId;

    public IReadOnlyList<string> Read() =>
        Run(() =>
        {
            using var command = database.CreateCommand("SELECT xml, id FROM session_keys ORDER BY id");
            using var rows = command.ExecuteReader();
            var (keys, lastId) = (new List<string>(), 0);
            while (rows.Read())
            {
                keys.Add(rows.GetString(0));
                lastId = rows.GetInt32(1);
            }

            _lastId = lastId;

            return keys;
        });

    public void Add(string xml) =>
        Run(() =>
        {
            using var connection = database.OpenConnection();
            using var transaction = connection.BeginTransaction();
            using (var lockTable = new NpgsqlCommand("LOCK TABLE session_keys IN EXCLUSIVE MODE", connection))
            {
                lockTable.ExecuteNonQuery();
            }

            using var command = new NpgsqlCommand(
                "INSERT INTO session_keys (xml) SELECT $1 WHERE NOT EXISTS (SELECT FROM session_keys WHERE id > $2)",
                connection
            );
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = xml });
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = _lastId });
            command.ExecuteNonQuery();
            transaction.Commit();
            return true;
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
