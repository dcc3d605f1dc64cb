using System.Runtime.CompilerServices;
using IndustryData.Domain.Runs;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// The tenant that a session of the reader names (<see cref="ServiceRoles.SetTenant"/>). A read of the same tenant does
/// not name it again (ADR 14).
/// </summary>
internal sealed class SessionTenant
{
    // Npgsql has no public object for a physical connection, but it keeps the parameters that the server reports in one
    // dictionary for each.
    private static readonly ConditionalWeakTable<object, SessionTenant> _ofSessions = [];

    /// <summary>The tenant; null if it is not known.</summary>
    public TenantId? Id { get; set; }

    /// <summary>Returns the tenant of the session of a connection.</summary>
    public static SessionTenant Of(NpgsqlConnection connection)
    {
        try
        {
            return _ofSessions.GetOrCreateValue(connection.PostgresParameters);
        }
        catch (InvalidOperationException)
        {
            // The session has ended. The first query reports that.
            return new SessionTenant();
        }
    }
}
