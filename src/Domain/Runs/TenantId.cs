namespace IndustryData.Domain.Runs;

/// <summary>Identifies the organization that owns runs. The value is the <c>tid</c> claim of its tokens.</summary>
public readonly record struct TenantId(Guid Value);
