using System.Security.Claims;

namespace IndustryData.WebApi.Security;

/// <summary>What a route asks of a token.</summary>
/// <param name="Policy">The authorization policy.</param>
/// <param name="AnyOf">The permissions of which the token must have one.</param>
internal sealed record Permission(string Policy, IReadOnlyList<string> AnyOf);

/// <summary>The permissions: Graph's two, and one for writing, which Graph does not have.</summary>
internal static class Permissions
{
    public const string ReadAll = "IndustryData-Run.Read.All";
    public const string RunStart = "IndustryData-Run.Start";
    public const string ReadWriteAll = "IndustryData-Run.ReadWrite.All";

    /// <summary>Every permission by name.</summary>
    public static readonly IReadOnlyList<string> Names = [ReadAll, RunStart, ReadWriteAll];

    public static readonly Permission Read = new("read", [ReadAll, RunStart, ReadWriteAll]);
    public static readonly Permission Start = new("start", [RunStart, ReadWriteAll]);
    public static readonly Permission Write = new("write", [ReadWriteAll]);

    /// <summary>For what only hands on to routes that ask for themselves: a valid token is enough.</summary>
    public static readonly Permission None = new("none", []);

    public static readonly IReadOnlyList<Permission> All = [Read, Start, Write, None];

    /// <summary>
    /// Whether the token has one of the permissions. A token with <c>scp</c> (space-separated) is delegated: then only
    /// <c>scp</c> counts, because the user's <c>roles</c> are more than the user gave to the client. One without is an
    /// application's, whose <c>roles</c> count.
    /// </summary>
    public static bool Grants(ClaimsPrincipal user, Permission permission)
    {
        if (permission.AnyOf.Count == 0)
        {
            return true;
        }

        var (isDelegated, byScope, byRole) = (false, false, false);
        foreach (var claim in user.Claims)
        {
            switch (claim.Type)
            {
                case "scp":
                    isDelegated = true;
                    byScope = byScope || claim.Value.Split(' ').Any(permission.AnyOf.Contains);
                    break;
                case "roles":
                    byRole = byRole || permission.AnyOf.Contains(claim.Value);
                    break;
            }
        }

        return isDelegated ? byScope : byRole;
    }
}
