using IndustryData.Application.Common;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>Records used sign-in codes in the table <c>used_sign_in_codes</c>.</summary>
internal sealed class UsedSignInCodeStore([FromKeyedServices(DataSources.Health)] NpgsqlDataSource database)
    : IUsedSignInCodes
{
    /// <summary>The time for which a code is kept after it expired. The clocks of instances may differ by it.</summary>
    public static readonly TimeSpan KeptAfterExpiry = TimeSpan.FromDays(1);

    public async Task<bool> TryUseAsync(Guid id, DateTimeOffset expires, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "INSERT INTO used_sign_in_codes (id, expires_date_time) VALUES ($1, $2) ON CONFLICT DO NOTHING"
        );
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = expires.UtcDateTime });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }
}
