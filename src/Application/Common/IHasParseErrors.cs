using IndustryData.Domain;

namespace IndustryData.Application.Common;

/// <summary>A message that was parsed from a request body, with its parse errors.</summary>
public interface IHasParseErrors
{
    /// <summary>The parse errors. They are reported together with the validation errors.</summary>
    ValidationErrors ParseErrors { get; }
}
