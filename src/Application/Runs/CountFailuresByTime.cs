using FluentValidation;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Counts the failed runs of a tenant by start time and the codes of their blocking errors.</summary>
/// <param name="TenantId">The tenant that owns the runs.</param>
/// <param name="Criteria">The criteria that select the runs.</param>
/// <param name="Span">The span of the start time. The first bucket begins with it.</param>
/// <param name="Bucket">The length of a bucket: a whole number of minutes.</param>
public sealed record CountFailuresByTimeQuery(TenantId TenantId, RunCriteria Criteria, StartSpan Span, TimeSpan Bucket)
    : IQuery<Result<FailuresByTime>>;

/// <summary>
/// The failures of the <see cref="CountFailuresByCodeQuery.MaxCodes"/> most frequent codes of the span.
/// </summary>
/// <param name="Counts">The counts of all buckets with failures, in the order of the buckets.</param>
/// <param name="IsCut">True if the maximum number of failed runs was read, so that there may be older ones.</param>
public sealed record FailuresByTime(IReadOnlyList<FailureCountOfTime> Counts, bool IsCut);

/// <summary>The count of one bucket and code.</summary>
/// <param name="Start">The beginning of the bucket.</param>
/// <param name="Code">The code, as in <see cref="FailuresOfCode"/>.</param>
/// <param name="Count">The number of failed runs.</param>
public sealed record FailureCountOfTime(DateTimeOffset Start, string? Code, long Count);

internal sealed class CountFailuresByTimeValidator : AbstractValidator<CountFailuresByTimeQuery>
{
    public CountFailuresByTimeValidator() => this.MustHaveBuckets(q => q.Bucket, q => q.Span);
}

internal sealed class CountFailuresByTimeHandler(IRunReader runs)
    : IQueryHandler<CountFailuresByTimeQuery, Result<FailuresByTime>>
{
    public async ValueTask<Result<FailuresByTime>> Handle(
        CountFailuresByTimeQuery query,
        CancellationToken cancellationToken
    ) =>
        await runs.CountFailuresByTimeAsync(
            query.TenantId,
            query.Criteria,
            query.Span,
            query.Bucket,
            CountFailuresByCodeQuery.MaxRuns,
            CountFailuresByCodeQuery.MaxCodes,
            cancellationToken
        );
}
