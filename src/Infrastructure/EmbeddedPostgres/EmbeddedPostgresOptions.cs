using System.ComponentModel.DataAnnotations;

namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>
/// Settings of the PostgreSQL that the service runs itself. Bound from the configuration section <see cref="Section"/>;
/// each may stay unset.
/// </summary>
public sealed class EmbeddedPostgresOptions
{
    /// <summary>The configuration section these settings are read from.</summary>
    public const string Section = "EmbeddedPostgres";

    /// <summary>
    /// The folder that holds <c>postgres</c>, <c>initdb</c> and <c>pg_ctl</c>. Unset: PATH, then the folders where
    /// packages put them.
    /// </summary>
    public string? BinDirectory { get; set; }

    /// <summary>
    /// TCP port on 127.0.0.1, 1 to 65535. Unset: a Unix socket inside the data folder and no TCP at all;
    /// where no such socket can be (Windows, a path over 107 bytes), any free port.
    /// </summary>
    [Range(1, 65535)]
    public int? Port { get; set; }

    /// <summary>
    /// The account PostgreSQL runs as when the service runs as root, which PostgreSQL refuses. Unset: <c>postgres</c>,
    /// else <c>industrydata</c>.
    /// </summary>
    public string? OsUser { get; set; }
}
