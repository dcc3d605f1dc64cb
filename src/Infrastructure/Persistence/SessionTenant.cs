using System.Data;
using System.Runtime.CompilerServices;
using IndustryData.Domain.Runs;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// The tenant that a session of the reader names (<see cref="ServiceRoles.SetTenant"/>). A read whose tenant it is need
/// not name it again, which takes PostgreSQL a tenth of the time of a list.
/// </summary>
internal sealed class SessionTenant
{
    // Npgsql has no public object for a physical connection, but it keeps the parameters that the server reports in one
    // dictionary for each.
    private static readonly ConditionalWeakTable<object, SessionTenant> _ofSessions = [];

    /// <summary>The tenant; null if it is not known.</summary>
    public TenantId? Id { get; set; }

    /// <summary>Returns the tenant of the session of a connection.</summary>
    public static SessionTenant Of(NpgsqlConnection connection) =>
        // The first query reports a session that has ended.
        connection.State == ConnectionState.Open
            ? _ofSessions.GetOrCreateValue(connection.PostgresParameters)
            : new SessionTenant();
}
