namespace IndustryData.Application.Runs;

/// <summary>The fields by which runs can be filtered and ordered.</summary>
public enum RunField
{
    /// <summary>The id as text, in lower case.</summary>
    Id,

    /// <summary>Text, compared by code point.</summary>
    DisplayName,

    /// <summary>An instant.</summary>
    StartDateTime,

    /// <summary>An instant or null. Null sorts lowest.</summary>
    EndDateTime,

    /// <summary>The status, compared by its number.</summary>
    Status,

    /// <summary>The blocking error. It can only be compared with null.</summary>
    BlockingError,

    /// <summary>Text or null.</summary>
    BlockingErrorCode,

    /// <summary>Text or null.</summary>
    BlockingErrorMessage,

    /// <summary>Text or null.</summary>
    BlockingErrorTarget,

    /// <summary>An instant.</summary>
    CreatedDateTime,

    /// <summary>An instant.</summary>
    LastModifiedDateTime,

    /// <summary>A count in <c>statistics/inboundTotals</c>, or null.</summary>
    Errors,

    /// <inheritdoc cref="Errors" />
    Warnings,

    /// <inheritdoc cref="Errors" />
    Groups,

    /// <inheritdoc cref="Errors" />
    Memberships,

    /// <inheritdoc cref="Errors" />
    Organizations,

    /// <inheritdoc cref="Errors" />
    People,
}
