using IndustryData.Domain;

namespace IndustryData.Application.Common;

/// <summary>A message that was read from a request's body, with what could not be read of it.</summary>
public interface IHasParseErrors
{
    /// <summary>The faults of form. Validation reports them together with the faults of meaning.</summary>
    ValidationErrors ParseErrors { get; }
}
