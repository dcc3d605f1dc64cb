using Npgsql;

namespace IndustryData.Infrastructure;

/// <summary>Checks connection strings in the format of Npgsql.</summary>
public static class ConnectionStrings
{
    /// <summary>Returns the error of a connection string; null if the connection string is valid.</summary>
    public static string? Validate(string connectionString)
    {
        try
        {
            if (string.IsNullOrWhiteSpace(new NpgsqlConnectionStringBuilder(connectionString).Host))
            {
                return "it names no Host";
            }

            // Only the data source detects options that contradict each other.
            using var source = NpgsqlDataSource.Create(connectionString);
            return null;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            return exception.Message.ReplaceLineEndings(" ");
        }
    }
}
