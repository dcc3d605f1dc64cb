using System.Security.Claims;

namespace IndustryData.WebApi.Security;

/// <summary>The permission that a route requires of a token.</summary>
/// <param name="Policy">The name of the authorization policy.</param>
/// <param name="AnyOf">The names of the permissions. The token must have at least one of them.</param>
internal sealed record Permission(string Policy, IReadOnlyList<string> AnyOf);

/// <summary>
/// The permissions: the two permissions of Microsoft Graph, and one for writes, which Microsoft Graph does not have.
/// </summary>
internal static class Permissions
{
    public const string ReadAll = "IndustryData-Run.Read.All";
    public const string RunStart = "IndustryData-Run.Start";
    public const string ReadWriteAll = "IndustryData-Run.ReadWrite.All";

    /// <summary>The names of all permissions.</summary>
    public static readonly IReadOnlyList<string> Names = [ReadAll, RunStart, ReadWriteAll];

    public static readonly Permission Read = new("read", [ReadAll, RunStart, ReadWriteAll]);
    public static readonly Permission Start = new("start", [RunStart, ReadWriteAll]);
    public static readonly Permission Write = new("write", [ReadWriteAll]);

    /// <summary>
    /// Requires only a valid token. It is for routes that pass requests on to other routes, which check permissions
    /// themselves.
    /// </summary>
    public static readonly Permission None = new("none", []);

    public static readonly IReadOnlyList<Permission> All = [Read, Start, Write, None];

    /// <summary>
    /// Checks the permissions of a token. A token with <c>scp</c> (space-separated) is delegated. Only its <c>scp</c>
    /// counts, because the <c>roles</c> are those of the user, who granted less to the client. A token without
    /// <c>scp</c> belongs to an application, and its <c>roles</c> count.
    /// </summary>
    /// <returns>Returns true if the token has one of the permissions.</returns>
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
