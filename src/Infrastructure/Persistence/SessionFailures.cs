using System.Net.Sockets;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>Recognizes sessions that broke while Npgsql sent a command.</summary>
internal static class SessionFailures
{
    /// <summary>
    /// Returns true if Npgsql may have thrown the exception because the session broke. Npgsql may then report
    /// the closed socket instead of an <see cref="Npgsql.NpgsqlException"/> (npgsql issue 1323). The types have other
    /// causes as well, so the caller also checks the connection or the source.
    /// </summary>
    public static bool IsPossible(Exception exception) =>
        exception is IOException or SocketException or ObjectDisposedException or NullReferenceException;
}
