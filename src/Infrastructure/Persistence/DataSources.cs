using System.Globalization;
using IndustryData.Infrastructure.Persistence.Standbys;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>
/// Creates the connection pools. Each kind of work has a separate pool, so that it cannot take the connections of
/// another kind. Reads and commits have the roles of <see cref="ServiceRoles"/>; other work has the role that owns the
/// tables.
/// </summary>
internal static class DataSources
{
    /// <summary>
    /// The DI key of the pool whose sessions use generic plans, for statements that an index answers (ADR 11).
    /// </summary>
    public const string Indexed = "indexed";

    /// <summary>The DI key of the pool for lookups of runs by id.</summary>
    public const string Lookups = "lookups";

    /// <summary>The DI key of the pool for commits.</summary>
    public const string Commits = "commits";

    /// <summary>The DI key of the pool for maintenance.</summary>
    public const string Maintenance = "maintenance";

    /// <summary>The DI key of the pool for heartbeats and for reads that concern all tenants.</summary>
    public const string Health = "health";

    // The four pools that serve requests have 44 connections together. This is less than half of the 100 connections
    // that PostgreSQL allows by default, so that two services and a psql can connect.
    private const int ReadPoolSize = 24;

    // The pool is small, because its statements are short. PostgreSQL executes more of them per second if fewer
    // sessions share its processors (ADR 11).
    private const int IndexedPoolSize = 6;

    // Four connections are for the groups of lookups. The others are for abandoned groups.
    private const int LookupPoolSize = 6;

    // Two connections are for the commit lanes. The others are for writes that wait for a lock and for abandoned
    // attempts.
    private const int CommitPoolSize = 8;

    // Two connections are for the lanes of each node of a distributed database, up to sixteen nodes.
    private const int DistributedCommitPoolSize = 40;

    // One connection is for the lock of the maintenance, one for its step, two for the archive of a partition, and one
    // for the count by hour.
    private const int MaintenancePoolSize = 5;

    // One connection is for the heartbeat, one for a probe, and two for the reads of revocations and of token keys. The
    // others are for abandoned heartbeats and probes.
    private const int HealthPoolSize = 6;

    // One connection is for the check of each second, one for the position that a read needs. The others are for
    // abandoned queries.
    private const int StandbyCheckPoolSize = 4;

    // Recurring statements are prepared, because planning a statement on a partitioned table takes longer than its
    // execution.
    private const int MaxPreparedStatements = 32;

    // Shorter than PostgreSQL's deadlock_timeout (1 s), so that a write gives way before PostgreSQL checks for a
    // deadlock.
    private const int CommitLockTimeoutMilliseconds = 200;

    // Forces generic plans. On many partitions PostgreSQL prefers custom plans, whose planning takes longer than their
    // execution (ADR 11). Sorts and bitmap scans are disabled, so that a bad row estimate cannot replace the scan in
    // index order.
    private const string GenericPlanSettings =
        "set_config('plan_cache_mode', 'force_generic_plan', false), "
        + "set_config('enable_sort', 'off', false), "
        + "set_config('enable_bitmapscan', 'off', false)";

    // The level of durability that a 2xx response requires. A reload of the server configuration does not change a
    // value that the session has set. remote_apply is stricter, so it is kept.
    private const string DurableCommits =
        "set_config('synchronous_commit', "
        + "CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false)";

    // If the host of a service fails, the server closes the sessions of the service and releases their locks within a
    // minute.
    private const string Keepalives =
        "set_config('tcp_keepalives_idle', '20', false), "
        + "set_config('tcp_keepalives_interval', '5', false), "
        + "set_config('tcp_keepalives_count', '4', false)";

    // The kernel writes pages that a commit evicts from the shared buffers to disk soon. By default it may keep
    // gigabytes of them until the fsync of the checkpoint, which then stalls every commit.
    private const string SteadyWriteback = "set_config('backend_flush_after', '256kB', false)";

    // A tenant may run a few queries at the same time. With parallel workers, each of them would use three processors.
    private const string NoParallelWorkers = "set_config('max_parallel_workers_per_gather', '0', false)";

    // PostgreSQL decides by the estimated cost whether it compiles a query. The estimate is high for small tables that
    // were never analyzed, and for a sort that a pool disables. Compilation then takes longer than the query.
    private const string NoCompilation = "set_config('jit', 'off', false)";

    /// <summary>The pool for arbitrary queries.</summary>
    /// <param name="connectionString">The connection string of PostgreSQL.</param>
    /// <param name="queryTimeout">
    /// The timeout of a query. The server ends the query one second later, in case the service ends before it cancels
    /// the query.
    /// </param>
    /// <param name="loggers">Creates the loggers of Npgsql; null if it does not log.</param>
    /// <param name="standby">The standby of the connection string; null if it is the primary.</param>
    /// <param name="isDistributed">True if the database is distributed.</param>
    public static NpgsqlDataSource Reads(
        string connectionString,
        TimeSpan queryTimeout,
        ILoggerFactory? loggers = null,
        Standby? standby = null,
        bool isDistributed = false
    ) =>
        CreateReads(
            loggers,
            standby,
            "reads",
            connectionString,
            ReadPoolSize,
            queryTimeout,
            [NoParallelWorkers, .. Role(ServiceRoles.Reader, isDistributed)]
        );

    /// <summary>The pool whose sessions use generic plans.</summary>
    /// <inheritdoc cref="Reads" />
    public static NpgsqlDataSource IndexedReads(
        string connectionString,
        TimeSpan queryTimeout,
        ILoggerFactory? loggers = null,
        Standby? standby = null,
        bool isDistributed = false
    ) =>
        CreateReads(
            loggers,
            standby,
            "indexed reads",
            connectionString,
            IndexedPoolSize,
            queryTimeout,
            [.. GenericPlans(isDistributed), .. Role(ServiceRoles.Reader, isDistributed)]
        );

    /// <summary>
    /// The pool for lookups of runs by id. Its sessions see the runs of all tenants, and only read (ADR 14).
    /// </summary>
    /// <inheritdoc cref="Reads" />
    public static NpgsqlDataSource LookupConnections(
        string connectionString,
        TimeSpan queryTimeout,
        ILoggerFactory? loggers = null,
        Standby? standby = null,
        bool isDistributed = false
    ) =>
        CreateReads(
            loggers,
            standby,
            "lookups",
            connectionString,
            LookupPoolSize,
            queryTimeout,
            [
                .. GenericPlans(isDistributed),
                "set_config('default_transaction_read_only', 'on', false)",
                .. Role(ServiceRoles.Writer, isDistributed),
            ]
        );

    /// <summary>The pool for commits.</summary>
    /// <param name="connectionString">The connection string of PostgreSQL.</param>
    /// <param name="commitTimeout">The time that the service waits for a commit.</param>
    /// <param name="loggers">Creates the loggers of Npgsql; null if it does not log.</param>
    /// <param name="isDistributed">True if the database is distributed.</param>
    public static NpgsqlDataSource CommitConnections(
        string connectionString,
        TimeSpan commitTimeout,
        ILoggerFactory? loggers = null,
        bool isDistributed = false
    ) =>
        // There is no statement_timeout, because PostgreSQL answers a canceled wait for a synchronous standby with
        // success and a warning. No setting may suppress this warning. The command timeout only closes connections that
        // the commit lanes abandoned long before.
        Create(
            loggers,
            standby: null,
            "commits",
            $"{connectionString};Cancellation Timeout=-1;"
                + $"Command Timeout={(int)Math.Ceiling(commitTimeout.TotalSeconds) + 60}",
            isDistributed ? DistributedCommitPoolSize : CommitPoolSize,
            "Timeout=3",
            [
                "set_config('statement_timeout', '0', false)",
                $"set_config('lock_timeout', '{CommitLockTimeoutMilliseconds}', false)",
                "set_config('client_min_messages', 'warning', false)",
                SteadyWriteback,
                IdleTransactionTimeout,
                .. Role(ServiceRoles.Writer, isDistributed),
            ]
        );

    /// <summary>
    /// The pool for maintenance. Its statements have no timeout, regardless of the settings of the connection string
    /// and the role.
    /// </summary>
    public static NpgsqlDataSource MaintenanceConnections(string connectionString, ILoggerFactory? loggers = null) =>
        Create(
            loggers,
            standby: null,
            "maintenance",
            $"{connectionString};Command Timeout=0;Maximum Pool Size={MaintenancePoolSize}",
            MaintenancePoolSize,
            "",
            "set_config('statement_timeout', '0', false)",
            "set_config('lock_timeout', '0', false)",
            "set_config('idle_in_transaction_session_timeout', '0', false)",
            // The purge is planned for the rows that are expired now. A generic plan may sort all of them for each
            // portion.
            "set_config('plan_cache_mode', 'force_custom_plan', false)"
        );

    /// <summary>The pool for heartbeats and for reads that concern all tenants.</summary>
    public static NpgsqlDataSource HealthConnections(string connectionString, ILoggerFactory? loggers = null) =>
        Create(
            loggers,
            standby: null,
            "health",
            $"{connectionString};Maximum Pool Size={HealthPoolSize};Cancellation Timeout=-1;Command Timeout=10",
            HealthPoolSize,
            "Timeout=2",
            "set_config('statement_timeout', '0', false)"
        );

    /// <summary>The pool for the checks of a standby.</summary>
    public static NpgsqlDataSource StandbyChecks(string connectionString, Standby standby, ILoggerFactory loggers) =>
        Create(
            loggers,
            standby: null,
            $"checks of {standby.Name}",
            $"{connectionString};Maximum Pool Size={StandbyCheckPoolSize};Cancellation Timeout=-1;Command Timeout=10",
            StandbyCheckPoolSize,
            "Timeout=2",
            "set_config('statement_timeout', '0', false)"
        );

    /// <summary>Returns a connection string for each host of a connection string.</summary>
    public static IEnumerable<string> HostsOf(string connectionString)
    {
        var all = new NpgsqlConnectionStringBuilder(connectionString);
        foreach (var host in (all.Host ?? "").Split(',', StringSplitOptions.TrimEntries))
        {
            var one = new NpgsqlConnectionStringBuilder(connectionString)
            {
                Host = host,
                TargetSessionAttributes = null,
                LoadBalanceHosts = false,
            };
            if (
                !IsUnixSocket(host)
                && host.LastIndexOf(':') is > 0 and var colon
                && (host[..colon].IndexOf(':') < 0 || host[colon - 1] == ']')
            )
            {
                one.Host = host[..colon];
                one.Port = int.Parse(host[(colon + 1)..], CultureInfo.InvariantCulture);
            }

            yield return one.ConnectionString;
        }
    }

    /// <summary>Returns the connection string whose connections go to the primary or nowhere.</summary>
    public static string OnlyPrimary(string connectionString) =>
        $"{connectionString};Target Session Attributes=primary";

    private const string IdleTransactionTimeout = "set_config('idle_in_transaction_session_timeout', '10s', false)";

    // The coordinator of a distributed database logs in to the nodes as the current role. The roles of the service
    // cannot log in.
    private static string[] Role(string name, bool isDistributed) =>
        isDistributed ? [] : [$"set_config('role', '{name}', false)"];

    // Citus finds the node of a statement by its values, so it has no generic plan for most statements.
    private static string[] GenericPlans(bool isDistributed) => isDistributed ? [] : [GenericPlanSettings];

    private static NpgsqlDataSource CreateReads(
        ILoggerFactory? loggers,
        Standby? standby,
        string name,
        string connectionString,
        int poolSize,
        TimeSpan queryTimeout,
        params ReadOnlySpan<string> settings
    ) =>
        Create(
            loggers,
            standby,
            standby is null ? name : $"{name} of {standby.Name}",
            $"{connectionString};Command Timeout={ReadSession.CommandTimeoutSeconds(queryTimeout)}",
            poolSize,
            // A read that gets no connection within three seconds fails.
            "Timeout=3",
            [
                $"set_config('statement_timeout', '{(long)queryTimeout.TotalMilliseconds + 1000}', false)",
                IdleTransactionTimeout,
                .. settings,
            ]
        );

    private static NpgsqlDataSource Create(
        ILoggerFactory? loggers,
        Standby? standby,
        string name,
        string connectionString,
        int poolSize,
        string options,
        params ReadOnlySpan<string> settings
    )
    {
        // The options of the user's connection string override the options before it, but not the options that a pool
        // appends. The service changes no session settings but those below and the tenant (SessionTenant). Connections
        // are not reset, because a reset would undo these settings.
        var builder = new NpgsqlDataSourceBuilder(
            $"Maximum Pool Size={poolSize};Max Auto Prepare={MaxPreparedStatements};Application Name=IndustryData;"
                + $"{KeepaliveOptions(connectionString)}Host Recheck Seconds=1;{options};"
                + $"{connectionString};No Reset On Close=true;Multiplexing=false"
        );
        // Metrics name the pool. By default, they would contain the connection string.
        builder.Name = name;
        builder.UseLoggerFactory(loggers);
        var applied = string.Join(", ", (string[])[DurableCommits, Keepalives, NoCompilation, .. settings]);
        var initialize = $"SELECT pg_postmaster_start_time(), {applied}";
        builder.UsePhysicalConnectionInitializer(
            connection =>
            {
                using var command = new NpgsqlCommand(initialize, connection);
                var serverStarted = (DateTime)command.ExecuteScalar()!;
                standby?.Admit(serverStarted);
            },
            async connection =>
            {
                await using var command = new NpgsqlCommand(initialize, connection);
                var serverStarted = (DateTime)(await command.ExecuteScalarAsync())!;
                standby?.Admit(serverStarted);
            }
        );
        if (builder.ConnectionStringBuilder.Host?.Contains(',', StringComparison.Ordinal) != true)
        {
            return builder.Build();
        }

        // With several hosts, connections go to the primary. If there is none, they go to a standby, which serves
        // reads. The connection string can require another target.
        var target = builder.ConnectionStringBuilder.TargetSessionAttributes is { Length: > 0 } named
            ? Parse(named)
            : TargetSessionAttributes.PreferPrimary;
        builder.ConnectionStringBuilder.TargetSessionAttributes = null;
        return builder.BuildMultiHost().WithTargetSession(target);
    }

    // The intervals are TCP options. A Unix socket rejects them.
    private static string KeepaliveOptions(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString).Host is { } host && host.Split(',').Any(IsUnixSocket)
            ? ""
            : "Tcp Keepalive=true;Tcp Keepalive Time=20;Tcp Keepalive Interval=5;";

    private static bool IsUnixSocket(string host) => host.StartsWith('/') || host.StartsWith('@');

    private static TargetSessionAttributes Parse(string named) =>
        Enum.Parse<TargetSessionAttributes>(named.Replace("-", "", StringComparison.Ordinal), ignoreCase: true);
}

/// <summary>The connection pools that serve requests.</summary>
internal sealed record ConnectionPools(IReadOnlyList<NpgsqlDataSource> All);
