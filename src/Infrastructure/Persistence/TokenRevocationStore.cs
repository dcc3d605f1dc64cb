using System.Collections.Frozen;
using IndustryData.Application.Common;
using IndustryData.Domain.Runs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Reads the table <c>token_revocations</c> every two seconds, so that every instance rejects revoked tokens and
/// ended sessions soon. While the database does not answer, the revocations that were read last apply.
/// </summary>
internal sealed partial class TokenRevocationStore(
    ReadSessions sessions,
    [FromKeyedServices(DataSources.Health)] NpgsqlDataSource database,
    IDatabaseHealth health,
    TimeProvider clock,
    ILogger<TokenRevocationStore> logger
) : BackgroundService, ITokenRevocations
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(2);

    private bool _isFailureLogged;
    private volatile FrozenDictionary<Guid, (DateTimeOffset Tokens, DateTimeOffset Sessions)>? _revocations;

    public bool IsRevoked(TenantId tenantId, DateTimeOffset issued) => issued < Find(tenantId).Tokens;

    public bool IsSessionEnded(TenantId tenantId, DateTimeOffset started) => started < Find(tenantId).Sessions;

    public async Task EndSessionsAsync(TenantId tenantId, DateTimeOffset before, CancellationToken cancellationToken)
    {
        // The earliest time revokes no token. Npgsql cannot read -infinity as DateTimeOffset.
        await using (
            var command = database.CreateCommand(
                """
                INSERT INTO token_revocations AS r (tenant_id, not_before, sessions_not_before)
                VALUES ($1, '0001-01-01 00:00:00+00', $2)
                ON CONFLICT (tenant_id) DO UPDATE
                SET sessions_not_before = greatest(r.sessions_not_before, excluded.sessions_not_before)
                """
            )
        )
        {
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = tenantId.Value });
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = before });
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        // The other instances read it within two seconds.
        await TryReadAsync(cancellationToken);
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // The service can then answer its first request.
        await TryReadAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryReadAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    private (DateTimeOffset Tokens, DateTimeOffset Sessions) Find(TenantId tenantId)
    {
        if (_revocations is not { } revocations)
        {
            // During an outage of the database, requests are rejected after authentication, with the code of the
            // outage. At any other time, a token that may be revoked must not be accepted.
            return health.Outage is not null ? default : throw ReadSession.DatabaseLost();
        }

        return revocations.Count > 0 ? revocations.GetValueOrDefault(tenantId.Value) : default;
    }

    private async Task TryReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ReadAsync(cancellationToken);
            _isFailureLogged = false;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The health monitor reports outages of the database. This line reports what only this table has.
            if (!_isFailureLogged && health.Outage is null)
            {
                _isFailureLogged = true;
                LogFailed(exception.Message);
            }
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        var read = new Dictionary<Guid, (DateTimeOffset, DateTimeOffset)>();
        await using (var session = await sessions.OpenForAllTenantsAsync(cancellationToken))
        {
            await session.ExecuteAsync(
                new NpgsqlBatchCommand(
                    "SELECT tenant_id, not_before, greatest(not_before, sessions_not_before) FROM token_revocations"
                )
            );
            while (await session.ReadAsync())
            {
                read.Add(
                    session.Row.GetGuid(0),
                    (session.Row.GetFieldValue<DateTimeOffset>(1), session.Row.GetFieldValue<DateTimeOffset>(2))
                );
            }
        }

        _revocations = read.ToFrozenDictionary();
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The table token_revocations cannot be read ({Reason}); later revocations have no effect until it can"
    )]
    private partial void LogFailed(string reason);
}
