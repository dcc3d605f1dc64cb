using System.Globalization;
using IndustryData.Domain.Runs;
using IndustryData.Infrastructure;
using IndustryData.WebApi.OData;
using Npgsql;

namespace IndustryData.WebApi.Cli;

/// <summary>
/// The command <c>token --revoke-before NOW|TIME --tenant GUID</c>: revokes the own tokens of a tenant that were issued
/// before a time.
/// </summary>
internal static class RevokeTokensCommand
{
    public const string Option = "--revoke-before";

    private const string Usage = $"usage: token {Option} NOW|TIME --tenant GUID";

    /// <summary>Runs the command.</summary>
    /// <param name="arguments">The arguments after <c>token</c>.</param>
    /// <param name="connectionString">Returns the connection string of PostgreSQL.</param>
    /// <param name="clock">The clock.</param>
    /// <returns>The line to print.</returns>
    /// <exception cref="StartupException">The arguments are invalid, or the database cannot be used.</exception>
    public static async Task<string> RunAsync(
        IReadOnlyList<string> arguments,
        Func<string> connectionString,
        TimeProvider clock
    )
    {
        var now = clock.GetUtcNow();
        var (tenant, time) = Read(arguments, now);
        if (time > now)
        {
            // Tokens that are issued until then would be invalid from the start.
            throw new StartupException($"{Option} must not be in the future; {Usage}");
        }

        try
        {
            var inForce = await TokenRevocations.RevokeAsync(connectionString(), tenant, time, CancellationToken.None);
            return string.Create(
                CultureInfo.InvariantCulture,
                $"Tokens of tenant {tenant.Value} that were issued before {inForce.UtcDateTime:O} are revoked. "
                    + $"Every instance rejects them within 10 seconds."
            );
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            throw new StartupException("The database lacks the schema of this version: run migrate first.");
        }
        catch (NpgsqlException exception)
        {
            throw new StartupException(
                $"No token was revoked, because the database cannot be used ({exception.Message}); "
                    + "start it, and run the command again."
            );
        }
    }

    private static (TenantId Tenant, DateTimeOffset Time) Read(IReadOnlyList<string> arguments, DateTimeOffset now)
    {
        TenantId? tenant = null;
        DateTimeOffset? time = null;
        foreach (var (name, value) in OptionPairs.Read(arguments, Usage))
        {
            switch (name)
            {
                case "--tenant":
                    tenant = new TenantId(TokenCommand.ReadTenant(value, Usage));
                    break;
                case Option:
                    time = value.Equals("now", StringComparison.OrdinalIgnoreCase)
                        ? now
                        : DateTimeOffsetParser.Parse(value)
                            ?? throw new StartupException(
                                $"{Option} must be NOW or a time like 2026-11-22T02:00:00Z; {Usage}"
                            );
                    break;
                default:
                    throw new StartupException(Usage);
            }
        }

        return tenant is { } known && time is { } before ? (known, before) : throw new StartupException(Usage);
    }
}
