using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// The connection pools. Each kind of work has its own, so that none can take the connections of another.
/// </summary>
internal static class DataSources
{
    /// <summary>
    /// DI key of the pool whose sessions use generic plans: for statements that an index answers (ADR 11).
    /// </summary>
    public const string Indexed = "indexed";

    /// <summary>DI key of the pool for commits.</summary>
    public const string Commits = "commits";

    /// <summary>DI key of the pool for maintenance.</summary>
    public const string Maintenance = "maintenance";

    /// <summary>DI key of the pool for heartbeats.</summary>
    public const string Health = "health";

    // Together fewer than half of the 100 connections that PostgreSQL allows by default, so that two services and a
    // psql fit.
    private const int ReadPoolSize = 28;

    // Few, because these statements are short: PostgreSQL does more of them when fewer sessions take turns on its
    // processors (ADR 11).
    private const int IndexedPoolSize = 8;

    // Two for the commit lanes, the others for writes that wait for a lock and for attempts that were given up.
    private const int CommitPoolSize = 8;

    private const int MaintenancePoolSize = 2;

    // The heartbeat, a probe, and those that were abandoned before.
    private const int HealthPoolSize = 4;

    // On a partitioned table planning costs more than execution, so recurring statements are prepared.
    private const int MaxPreparedStatements = 32;

    // Shorter than PostgreSQL's deadlock_timeout (1 s): a write steps aside before a deadlock is even looked for.
    private const int CommitLockTimeoutMilliseconds = 200;

    // Forces generic plans. On many partitions PostgreSQL prefers custom plans, whose planning costs more than
    // execution (ADR 11). Sorts and bitmap scans are disabled so that a bad row estimate cannot replace the index walk.
    private const string GenericPlanSettings =
        "set_config('plan_cache_mode', 'force_generic_plan', false), set_config('enable_sort', 'off', false), set_config('enable_bitmapscan', 'off', false)";

    // The level that a 2xx needs. A value of the session, unlike the server's, does not follow a reload of the
    // configuration. remote_apply is stricter.
    private const string DurableCommits =
        "set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false)";

    // For a service whose host vanishes: the server closes its sessions, and with them their locks, within a minute.
    private const string Keepalives =
        "set_config('tcp_keepalives_idle', '20', false), set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '4', false)";

    // Pages that a commit has to evict from the shared buffers go to the disk soon. By default the kernel may keep
    // gigabytes of them until the fsync of the checkpoint, which then stalls every commit.
    private const string SteadyWriteback = "set_config('backend_flush_after', '256kB', false)";

    // A tenant may run a few queries at the same time. With parallel workers each of them would take three processors.
    private const string NoParallelWorkers = "set_config('max_parallel_workers_per_gather', '0', false)";

    /// <summary>The pool for arbitrary queries.</summary>
    /// <param name="connectionString">Which PostgreSQL.</param>
    /// <param name="queryTimeout">
    /// How long a query may take. The server ends it a second later by itself, should the service not live to cancel
    /// it.
    /// </param>
    public static NpgsqlDataSource Reads(string connectionString, TimeSpan queryTimeout) =>
        // A reader that gets no connection within three seconds fails.
        Create(
            WithReadTimeout(connectionString, queryTimeout),
            ReadPoolSize,
            "Timeout=3",
            StatementTimeout(queryTimeout),
            IdleTransactionTimeout,
            NoParallelWorkers
        );

    /// <summary>The pool whose sessions use generic plans.</summary>
    /// <inheritdoc cref="Reads" />
    public static NpgsqlDataSource IndexedReads(string connectionString, TimeSpan queryTimeout) =>
        Create(
            WithReadTimeout(connectionString, queryTimeout),
            IndexedPoolSize,
            "Timeout=3",
            StatementTimeout(queryTimeout),
            IdleTransactionTimeout,
            GenericPlanSettings
        );

    /// <summary>The pool for commits.</summary>
    /// <param name="connectionString">Which PostgreSQL.</param>
    /// <param name="commitTimeout">How long the service waits for a commit.</param>
    public static NpgsqlDataSource CommitConnections(string connectionString, TimeSpan commitTimeout) =>
        // No statement_timeout, because PostgreSQL answers a canceled wait for a synchronous standby with success and a
        // warning; and no setting that would suppress the warning. The command timeout only closes connections that the
        // commit lanes have given up long before.
        Create(
            $"{connectionString};Cancellation Timeout=-1;Command Timeout={(int)Math.Ceiling(commitTimeout.TotalSeconds) + 60}",
            CommitPoolSize,
            "Timeout=3",
            "set_config('statement_timeout', '0', false)",
            $"set_config('lock_timeout', '{CommitLockTimeoutMilliseconds}', false)",
            "set_config('client_min_messages', 'warning', false)",
            SteadyWriteback,
            IdleTransactionTimeout
        );

    /// <summary>
    /// The pool for maintenance, whose statements may take as long as they need, whatever the connection string or the
    /// role says.
    /// </summary>
    public static NpgsqlDataSource MaintenanceConnections(string connectionString) =>
        Create(
            $"{connectionString};Command Timeout=0;Maximum Pool Size={MaintenancePoolSize}",
            MaintenancePoolSize,
            "",
            "set_config('statement_timeout', '0', false)",
            "set_config('lock_timeout', '0', false)",
            "set_config('idle_in_transaction_session_timeout', '0', false)",
            // The purge is planned for the rows that are expired now. A generic plan may sort them all for each
            // portion.
            "set_config('plan_cache_mode', 'force_custom_plan', false)"
        );

    /// <summary>The pool for heartbeats.</summary>
    public static NpgsqlDataSource HealthConnections(string connectionString) =>
        Create(
            $"{connectionString};Maximum Pool Size={HealthPoolSize};Cancellation Timeout=-1;Command Timeout=10",
            HealthPoolSize,
            "Timeout=2",
            "set_config('statement_timeout', '0', false)"
        );

    private const string IdleTransactionTimeout = "set_config('idle_in_transaction_session_timeout', '10s', false)";

    private static string WithReadTimeout(string connectionString, TimeSpan queryTimeout) =>
        $"{connectionString};Command Timeout={ReadSession.CommandTimeoutSeconds(queryTimeout)}";

    private static string StatementTimeout(TimeSpan queryTimeout) =>
        $"set_config('statement_timeout', '{(long)queryTimeout.TotalMilliseconds + 1000}', false)";

    private static NpgsqlDataSource Create(
        string connectionString,
        int poolSize,
        string options,
        params ReadOnlySpan<string> settings
    )
    {
        // The user's connection string comes last and so wins, except where a pool appends to it. Only the sessions'
        // own settings below are ever changed, and a reset would undo them.
        var builder = new NpgsqlDataSourceBuilder(
            $"Maximum Pool Size={poolSize};Max Auto Prepare={MaxPreparedStatements};Application Name=IndustryData;"
                + $"{KeepaliveOptions(connectionString)}Host Recheck Seconds=1;{options};{connectionString};No Reset On Close=true"
        );
        var initialize = $"SELECT {string.Join(", ", (string[])[DurableCommits, Keepalives, .. settings])}";
        builder.UsePhysicalConnectionInitializer(
            connection =>
            {
                using var command = new NpgsqlCommand(initialize, connection);
                command.ExecuteNonQuery();
            },
            async connection =>
            {
                await using var command = new NpgsqlCommand(initialize, connection);
                await command.ExecuteNonQueryAsync();
            }
        );
        if (builder.ConnectionStringBuilder.Host?.Contains(',', StringComparison.Ordinal) != true)
        {
            return builder.Build();
        }

        // Of several hosts the primary, wherever it is; without one a standby, which at least serves reads.
        var target = builder.ConnectionStringBuilder.TargetSessionAttributes is { Length: > 0 } named
            ? Parse(named)
            : TargetSessionAttributes.PreferPrimary;
        builder.ConnectionStringBuilder.TargetSessionAttributes = null;
        return builder.BuildMultiHost().WithTargetSession(target);
    }

    // The intervals are options of TCP, which a Unix socket refuses.
    private static string KeepaliveOptions(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString).Host is { } host
        && host.Split(',').Any(h => h.StartsWith('/') || h.StartsWith('@'))
            ? ""
            : "Tcp Keepalive=true;Tcp Keepalive Time=20;Tcp Keepalive Interval=5;";

    private static TargetSessionAttributes Parse(string named) =>
        Enum.Parse<TargetSessionAttributes>(named.Replace("-", "", StringComparison.Ordinal), ignoreCase: true);
}

/// <summary>The pools of all work that serves requests.</summary>
internal sealed record ConnectionPools(IReadOnlyList<NpgsqlDataSource> All);
