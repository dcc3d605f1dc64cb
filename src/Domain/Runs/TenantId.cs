namespace IndustryData.Domain.Runs;

/// <summary>The organisation that runs belong to: the <c>tid</c> claim of its tokens.</summary>
public readonly record struct TenantId(Guid Value);
