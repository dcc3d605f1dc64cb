using System.ComponentModel.DataAnnotations;

namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>
/// The settings of the embedded PostgreSQL. They are bound from the configuration section <see cref="Section"/>. Each
/// setting is optional.
/// </summary>
public sealed class EmbeddedPostgresOptions
{
    /// <summary>The configuration section of these settings.</summary>
    public const string Section = "EmbeddedPostgres";

    /// <summary>
    /// The directory that contains <c>postgres</c>, <c>initdb</c> and <c>pg_ctl</c>. If unset, the service searches
    /// PATH and then the directories in which packages install them.
    /// </summary>
    public string? BinDirectory { get; set; }

    /// <summary>
    /// The TCP port on 127.0.0.1, from 1 to 65535. If unset, the server uses a Unix socket in the data directory and no
    /// TCP. If such a socket is not possible (on Windows, or with a path of more than 107 bytes), the server uses any
    /// free port.
    /// </summary>
    [Range(1, 65535)]
    public int? Port { get; set; }

    /// <summary>
    /// The account of PostgreSQL if the service runs as root, because PostgreSQL refuses to run as root. If unset, the
    /// account is <c>postgres</c> or, if that does not exist, <c>industrydata</c>.
    /// </summary>
    public string? OsUser { get; set; }
}
