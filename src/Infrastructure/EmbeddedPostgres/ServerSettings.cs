using System.Globalization;

namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>Renders the settings file of the service, which postgresql.conf includes at its end.</summary>
internal static class ServerSettings
{
    public const string FileName = "industrydata.conf";

    /// <summary>The text that the service appends to postgresql.conf.</summary>
    public const string Include = $"\n# Last, so that it decides.\ninclude '{FileName}'\n";

    private const string Notice =
        "# Written by IndustryData before each start: changes made here are lost. "
        + "Settings of your own belong into ALTER SYSTEM.";

    /// <summary>The setting with which the server compresses pages in the write-ahead log.</summary>
    public const string WalCompression = "wal_compression";

    /// <summary>The compression that every server has.</summary>
    public const string Pglz = "pglz";

    /// <summary>A compression that takes less processor time. Not every server is built with it.</summary>
    public const string Lz4 = "lz4";

    /// <summary>Renders the file.</summary>
    /// <param name="endpoint">The address on which the server listens.</param>
    /// <param name="walCompression"><see cref="Lz4"/> or <see cref="Pglz"/>.</param>
    public static string Render(Endpoint endpoint, string walCompression) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"""
            {Notice}
            listen_addresses = {Quote(endpoint.IsTcp ? endpoint.Host : "")}
            port = {endpoint.Port}
            unix_socket_directories = {Quote(endpoint.IsTcp ? "" : QuoteListItem(endpoint.Host))}
            unix_socket_permissions = 0700
            max_connections = 120
            # A statement locks each partition that it cannot skip, with its indexes.
            max_locks_per_transaction = 512
            shared_buffers = {SharedBuffersInMegabytes()}MB
            {WalCompression} = {walCompression}
            max_wal_size = '2GB'
            fsync = on
            synchronous_commit = on
            full_page_writes = on
            timezone = 'UTC'
            # A file for each day of the week, overwritten a week later.
            logging_collector = on
            log_destination = 'stderr'
            log_directory = 'log'
            log_filename = 'postgresql-%a.log'
            log_truncate_on_rotation = on
            log_rotation_age = 1d
            log_rotation_size = 0
            log_timezone = 'UTC'

            """
        );

    private static long SharedBuffersInMegabytes() =>
        Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8 / 1024 / 1024, 128, 512);

    private static string Quote(string value) =>
        $"'{value.Replace("\\", @"\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";

    private static string QuoteListItem(string value) => $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
