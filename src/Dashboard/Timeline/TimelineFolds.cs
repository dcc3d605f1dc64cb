using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace IndustryData.Dashboard.Timeline;

/// <summary>
/// Which families of the timeline are folded, that is, shown in one lane. The URL has it: <c>fold=all,1a2b3c4d</c>
/// folds all families but one. A family is named by a hash, because names are long.
/// </summary>
/// <param name="All">True if families are folded that are not named.</param>
/// <param name="Named">The ids of the families for which the opposite of <paramref name="All"/> holds.</param>
public sealed record TimelineFolds(bool All, IReadOnlyList<string> Named)
{
    /// <summary>No family is folded.</summary>
    public static readonly TimelineFolds None = new(false, []);

    /// <summary>The maximum number of families that the URL names. The oldest choice is dropped.</summary>
    public const int Max = 100;

    private const int IdLength = 8;
    private const string Name = "fold";
    private const string AllName = "all";

    /// <summary>Reads the choice from the query of a URL. What is not the id of a family is left out.</summary>
    public static TimelineFolds Read(IQueryCollection query)
    {
        var names = query[Name].ToString().Split(',');
        return new TimelineFolds(
            names.Contains(AllName),
            [.. names.Where(n => n.Length == IdLength && n.All(char.IsAsciiHexDigitLower)).Distinct().TakeLast(Max)]
        );
    }

    /// <summary>Returns the id of a family.</summary>
    public static string IdOf(string family) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(family)))[..IdLength];

    /// <summary>Returns true if a family is folded.</summary>
    public bool IsFolded(string family) => All != Named.Contains(IdOf(family));

    /// <summary>Returns the choice with the opposite for a family.</summary>
    public TimelineFolds Toggle(string family)
    {
        var id = IdOf(family);
        return this with
        {
            Named = Named.Contains(id) ? [.. Named.Where(n => n != id)] : [.. Named.Append(id).TakeLast(Max)],
        };
    }

    /// <summary>Returns the parameter of the URL, with an ampersand before it; empty if no family is folded.</summary>
    public string ToQueryString()
    {
        var names = All ? [AllName, .. Named] : Named;
        return names.Count == 0 ? "" : $"&{Name}={string.Join(',', names)}";
    }
}
