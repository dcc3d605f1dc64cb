using IndustryData.Infrastructure;
using IndustryData.Infrastructure.Persistence;
using IndustryData.Infrastructure.Persistence.GroupCommit;
using Npgsql;

namespace IndustryData.WebApi.FunctionalTests.Durability;

public sealed class OutageClassifierTests
{
    /// <summary>The SQLSTATEs (PostgreSQL manual, appendix A), and the outages that they indicate.</summary>
    public static TheoryData<string, string?> SqlStates() =>
        new()
        {
            { PostgresErrorCodes.UndefinedTable, "schemaOutdated" },
            { PostgresErrorCodes.UndefinedColumn, "schemaOutdated" },
            { PostgresErrorCodes.UndefinedFunction, "schemaOutdated" },
            { PostgresErrorCodes.ReadOnlySqlTransaction, "databaseReadOnly" },
            { PostgresErrorCodes.ObjectNotInPrerequisiteState, "databaseReadOnly" },
            { PostgresErrorCodes.DiskFull, "databaseStorageFull" },
            { PostgresErrorCodes.LockNotAvailable, "databaseBusy" },
            { PostgresErrorCodes.TooManyConnections, "databaseBusy" },
            { PostgresErrorCodes.SerializationFailure, "databaseBusy" },
            { PostgresErrorCodes.DeadlockDetected, "databaseBusy" },
            { PostgresErrorCodes.InvalidCatalogName, "databaseAccessDenied" },
            { PostgresErrorCodes.InsufficientPrivilege, "databaseAccessDenied" },
            { PostgresErrorCodes.InvalidPassword, "databaseAccessDenied" },
            { PostgresErrorCodes.ConnectionFailure, "databaseUnavailable" },
            { PostgresErrorCodes.OutOfMemory, "databaseUnavailable" },
            { PostgresErrorCodes.AdminShutdown, "databaseUnavailable" },
            { PostgresErrorCodes.CannotConnectNow, "databaseUnavailable" },
            { PostgresErrorCodes.QueryCanceled, "queryTimeout" },
            { PostgresErrorCodes.UniqueViolation, null },
            { PostgresErrorCodes.DivisionByZero, null },
            { PostgresErrorCodes.SyntaxError, null },
            { PostgresErrorCodes.UndefinedObject, null },
        };

    [Theory]
    [MemberData(nameof(SqlStates))]
    public void Sql_state_indicates_its_outage(string sqlState, string? code)
    {
        var outage = OutageClassifier.Classify(Error(sqlState));

        (outage?.Code, outage?.NothingWasStored ?? false).ShouldBe((code, false));
    }

    [Theory]
    [MemberData(nameof(SqlStates))]
    public void Sql_state_below_another_exception_indicates_the_same_outage(string sqlState, string? code) =>
        (OutageClassifier.Classify(new InvalidOperationException("EF Core", Error(sqlState)))?.Code).ShouldBe(code);

#pragma warning disable CA2201 // Npgsql throws this exception when a connection breaks at certain moments.
    public static TheoryData<Exception, string?> Exceptions() =>
        new()
        {
            { new NpgsqlException("refused"), "databaseUnavailable" },
            {
                new IOException("closed") { Source = nameof(Npgsql) },
                "databaseUnavailable"
            },
            {
                new InvalidOperationException("a parameter has no value") { Source = nameof(Npgsql) },
                null
            },
            { new NpgsqlException("no connection is free", new TimeoutException()), "databaseBusy" },
            { new TimeoutException(), "databaseBusy" },
            { new OperationCanceledException(), "queryTimeout" },
            { new CommitOutcomeUnknownException("not confirmed"), "outcomeUnknown" },
            {
                new NullReferenceException { Source = nameof(Npgsql) },
                "databaseUnavailable"
            },
            {
                new NullReferenceException { Source = "another" },
                null
            },
            { new InvalidOperationException(), null },
            {
                new PostgresException("", "", "", PostgresErrorCodes.UndefinedObject, routine: "get_collation_oid"),
                "icuUnavailable"
            },
        };
#pragma warning restore CA2201

    [Theory]
    [MemberData(nameof(Exceptions))]
    public void Exception_indicates_its_outage(Exception exception, string? code) =>
        (OutageClassifier.Classify(exception)?.Code).ShouldBe(code);

    [Theory]
    [InlineData(PostgresErrorCodes.QueryCanceled, "databaseBusy")]
    [InlineData(PostgresErrorCodes.DiskFull, "databaseStorageFull")]
    public void Write_that_was_not_committed_stored_nothing(string sqlState, string code)
    {
        var outage = OutageClassifier.Classify(new NotCommittedException(Error(sqlState)));

        (outage!.Code, outage.NothingWasStored).ShouldBe((code, true));
    }

    [Theory]
    [InlineData(PostgresErrorCodes.InvalidPassword, "databaseAccessDenied")]
    [InlineData(PostgresErrorCodes.SyntaxError, "databaseUnavailable")]
    [InlineData(PostgresErrorCodes.QueryCanceled, "databaseUnavailable")]
    public void Sql_state_of_a_probe_is_an_outage_in_any_case(string sqlState, string code) =>
        OutageClassifier.ClassifyProbe(Error(sqlState), isAlive: true).Code.ShouldBe(code);

    [Theory]
    [InlineData(true, "databaseBusy")]
    [InlineData(false, "databaseUnavailable")]
    public void Probe_that_times_out_means_busy_only_if_heartbeats_are_answered(bool isAlive, string code) =>
        OutageClassifier.ClassifyProbe(new TimeoutException(), isAlive).Code.ShouldBe(code);

    [Fact]
    public void Probe_of_an_unsupported_schema_is_an_outdated_schema() =>
        OutageClassifier
            .ClassifyProbe(new UnsupportedSchemaException(), isAlive: true)
            .ShouldBe(DatabaseOutages.SchemaOutdated);

    private static PostgresException Error(string sqlState) => new("message", "ERROR", "ERROR", sqlState);
}
