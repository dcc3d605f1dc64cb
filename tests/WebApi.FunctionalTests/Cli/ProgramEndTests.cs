using IndustryData.WebApi.Cli;
using Npgsql;

namespace IndustryData.WebApi.FunctionalTests.Cli;

public sealed class ProgramEndTests
{
    [Fact]
    public void Unexpected_exception_is_printed_with_its_stack_trace_and_blames_no_setting()
    {
        var text = ProgramEnd.Describe(
            Thrown(new InvalidOperationException("Sequence contains more than one element")),
            isEmbedded: false
        );

        text.ShouldContain("unexpected error");
        text.ShouldContain("InvalidOperationException: Sequence contains more than one element");
        text.ShouldContain($"at {typeof(ProgramEndTests).FullName}.{nameof(Thrown)}");
        text.ShouldNotContain("A setting cannot be used");
    }

    [Fact]
    public void Failure_of_the_embedded_database_does_not_blame_the_connection_string()
    {
        var wrapped = new InvalidOperationException(
            "An exception has been raised that is likely due to a transient failure.",
            new NpgsqlException("Exception while reading from stream")
        );

        var text = ProgramEnd.Describe(wrapped, isEmbedded: true);
        text.ShouldContain("embedded database");
        text.ShouldContain("Exception while reading from stream");
        text.ShouldNotContain("ConnectionStrings");
        ProgramEnd.Describe(wrapped, isEmbedded: false).ShouldContain("ConnectionStrings:IndustryData");
    }

    [Theory]
    [InlineData("42501", "must be owner of table runs", "lacks a privilege")]
    [InlineData("42P07", "relation \"runs\" already exists", "42P07")]
    public void Failed_migration_is_named_with_its_cause(string sqlState, string message, string advice)
    {
        var text = ProgramEnd
            .DescribeMigration(new PostgresException(message, "ERROR", "ERROR", sqlState), isEmbedded: false)
            .ShouldNotBeNull();

        text.ShouldContain("could not be migrated");
        text.ShouldContain(message);
        text.ShouldContain(advice);
        text.ShouldNotContain("connection string");
    }

    [Theory]
    [InlineData("28P01")]
    [InlineData("3D000")]
    public void Refused_account_is_no_failed_migration(string sqlState) =>
        ProgramEnd
            .DescribeMigration(new PostgresException("no", "FATAL", "FATAL", sqlState), isEmbedded: false)
            .ShouldBeNull();

    private static Exception Thrown(Exception exception)
    {
        try
        {
            throw exception;
        }
        catch (Exception caught)
        {
            return caught;
        }
    }
}
