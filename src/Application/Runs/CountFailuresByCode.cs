using FluentValidation;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Counts the failed runs of a tenant by the codes of their blocking errors.</summary>
/// <param name="TenantId">The tenant that owns the runs.</param>
/// <param name="Span">The span of the start time.</param>
public sealed record CountFailuresByCodeQuery(TenantId TenantId, StartSpan Span) : IQuery<Result<FailuresByCode>>
{
    /// <summary>The maximum number of failed runs that are counted. The newest ones are.</summary>
    public const int MaxRuns = 10_000;

    /// <summary>The maximum number of codes.</summary>
    public const int MaxCodes = 20;

    /// <summary>The criteria that select the runs.</summary>
    public RunCriteria Criteria { get; init; } = RunCriteria.All;
}

/// <summary>The most frequent codes.</summary>
/// <param name="Codes">The codes, the most frequent first.</param>
/// <param name="IsCut">True if the maximum number of failed runs was read, so that there may be older ones.</param>
public sealed record FailuresByCode(IReadOnlyList<FailuresOfCode> Codes, bool IsCut);

/// <summary>The failed runs of one code.</summary>
/// <param name="Code">The code; null for runs whose blocking error has none, or that have no blocking error.</param>
/// <param name="Count">The number of runs.</param>
/// <param name="LastStart">The start time of the newest one.</param>
/// <param name="LastRunId">The id of the newest one.</param>
public sealed record FailuresOfCode(string? Code, long Count, DateTimeOffset LastStart, Guid LastRunId);

internal sealed class CountFailuresByCodeValidator : AbstractValidator<CountFailuresByCodeQuery>
{
    public CountFailuresByCodeValidator() =>
        RuleFor(q => q.Span)
            .Must(span => span.To > span.From)
            .WithErrorCode("invalidSpan")
            .WithMessage("The span must end after its beginning.");
}

internal sealed class CountFailuresByCodeHandler(IRunReader runs)
    : IQueryHandler<CountFailuresByCodeQuery, Result<FailuresByCode>>
{
    public async ValueTask<Result<FailuresByCode>> Handle(
        CountFailuresByCodeQuery query,
        CancellationToken cancellationToken
    ) =>
        await runs.CountFailuresAsync(
            query.TenantId,
            query.Criteria,
            query.Span,
            CountFailuresByCodeQuery.MaxRuns,
            CountFailuresByCodeQuery.MaxCodes,
            cancellationToken
        );
}
