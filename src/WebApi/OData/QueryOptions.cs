using IndustryData.Application.Runs;
using IndustryData.WebApi.Http;

namespace IndustryData.WebApi.OData;

/// <summary>The query options of a request. Nothing in a query string is ignored: what is unknown, twice there or malformed is refused.</summary>
internal sealed class QueryOptions
{
    public const string Top = "$top";
    public const string SkipToken = "$skiptoken";

    private readonly Dictionary<string, string> _values;

    private QueryOptions(Dictionary<string, string> values) => _values = values;

    /// <summary>The option's text, or null.</summary>
    public string? this[string option] => _values.GetValueOrDefault(option);

    /// <summary>The page size; above the largest it means the largest.</summary>
    public int PageSize => this[Top] is not { } top ? RunPage.DefaultSize : int.TryParse(top, out var size) ? Math.Min(size, RunPage.MaxSize) : RunPage.MaxSize;

    /// <summary>Reads the options. Names count in any case, with and without <c>$</c> (OData 4.01 URL Conventions §5).</summary>
    /// <returns>Null when the request has been answered with a refusal.</returns>
    public static async Task<QueryOptions?> ReadAsync(HttpContext http, IReadOnlyList<string> offered)
    {
        var values = new Dictionary<string, string>();
        foreach (var (name, texts) in http.Request.Query)
        {
            var option = (name.StartsWith('$') ? name : $"${name}").ToLowerInvariant();
            if (!offered.Contains(option))
            {
                var offer = offered.Count == 0 ? "This path takes no query options." : $"This path takes {string.Join(" and ", offered)}.";
                await RefuseAsync(http, "unsupportedQueryOption", $"The query option '{Domain.Faults.Shown(name)}' is not offered here. {offer}");
                return null;
            }

            if (texts is not [{ } text] || !values.TryAdd(option, text))
            {
                await RefuseAsync(http, "repeatedQueryOption", $"The query option {option} stands more than once; send it once.");
                return null;
            }
        }

        if (values.TryGetValue(Top, out var top) && (top.Length == 0 || !top.All(char.IsAsciiDigit)))
        {
            await RefuseAsync(http, "invalidQueryOption", $"{Top} must be a whole number, 0 or more.");
            return null;
        }

        return new QueryOptions(values);
    }

    /// <summary>Refuses a query option.</summary>
    public static Task RefuseAsync(HttpContext http, string code, string message) => http.RefuseAsync(StatusCodes.Status400BadRequest, code, message);
}
