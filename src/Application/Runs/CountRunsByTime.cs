using FluentValidation;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Counts the runs of a tenant by start time and status.</summary>
/// <param name="TenantId">The tenant that owns the runs.</param>
/// <param name="Criteria">The criteria that select the runs.</param>
/// <param name="Span">The span of the start time. The first bucket begins with it.</param>
/// <param name="Bucket">The length of a bucket: a whole number of minutes.</param>
public sealed record CountRunsByTimeQuery(TenantId TenantId, RunCriteria Criteria, StartSpan Span, TimeSpan Bucket)
    : IQuery<Result<RunCountsByTime>>;

/// <summary>A span of start times.</summary>
/// <param name="From">The lower bound, inclusive.</param>
/// <param name="To">The upper bound, exclusive.</param>
public readonly record struct StartSpan(DateTimeOffset From, DateTimeOffset To);

/// <summary>The counts of all buckets with runs.</summary>
/// <param name="Counts">The counts in the order of their buckets.</param>
public sealed record RunCountsByTime(IReadOnlyList<RunCountOfTime> Counts);

/// <summary>The count of one bucket and status.</summary>
/// <param name="Start">The beginning of the bucket.</param>
/// <param name="Status">The name of the status.</param>
/// <param name="Count">The number of runs.</param>
public sealed record RunCountOfTime(DateTimeOffset Start, string Status, long Count);

internal sealed class CountRunsByTimeValidator : AbstractValidator<CountRunsByTimeQuery>
{
    public CountRunsByTimeValidator() => this.MustHaveBuckets(q => q.Bucket, q => q.Span);
}

internal sealed class CountRunsByTimeHandler(IRunReader runs)
    : IQueryHandler<CountRunsByTimeQuery, Result<RunCountsByTime>>
{
    public async ValueTask<Result<RunCountsByTime>> Handle(
        CountRunsByTimeQuery query,
        CancellationToken cancellationToken
    ) =>
        new RunCountsByTime(
            await runs.CountByTimeAsync(query.TenantId, query.Criteria, query.Span, query.Bucket, cancellationToken)
        );
}
