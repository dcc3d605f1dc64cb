namespace IndustryData.WebApi.OData;

/// <summary>
/// Aborts the parsing of a query option. The code that reads the option always catches this exception.
/// </summary>
internal sealed class QueryOptionException(string code, string message) : Exception(message)
{
    /// <summary>The error code in camelCase.</summary>
    public string Code { get; } = code;
}
