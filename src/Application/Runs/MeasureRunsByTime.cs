using FluentValidation;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>Reads the durations and the inbound totals of ended runs of a tenant by start time.</summary>
/// <param name="TenantId">The tenant that owns the runs.</param>
/// <param name="Criteria">The criteria that select the runs.</param>
/// <param name="Span">The span of the start time. The first bucket begins with it.</param>
/// <param name="Bucket">The length of a bucket: a whole number of minutes.</param>
public sealed record MeasureRunsByTimeQuery(TenantId TenantId, RunCriteria Criteria, StartSpan Span, TimeSpan Bucket)
    : IQuery<Result<RunMeasuresByTime>>;

/// <summary>The measures of all buckets with ended runs.</summary>
/// <param name="Measures">The measures in the order of their buckets.</param>
public sealed record RunMeasuresByTime(IReadOnlyList<RunMeasuresOfTime> Measures);

/// <summary>
/// The measures of one bucket. If the span has more than 20,000 ended runs, a duration may differ from that of a run by
/// 1 %.
/// </summary>
/// <param name="Start">The beginning of the bucket.</param>
/// <param name="Count">The number of ended runs with an end time.</param>
/// <param name="MedianDuration">Their median duration: the duration of a run.</param>
/// <param name="P95Duration">The 95th percentile of their durations: the duration of a run.</param>
/// <param name="Means">The means of their inbound totals, rounded. A mean is null if no run has the total.</param>
public sealed record RunMeasuresOfTime(
    DateTimeOffset Start,
    long Count,
    TimeSpan MedianDuration,
    TimeSpan P95Duration,
    InboundTotals Means
);

internal sealed class MeasureRunsByTimeValidator : AbstractValidator<MeasureRunsByTimeQuery>
{
    public MeasureRunsByTimeValidator() => this.MustHaveBuckets(q => q.Bucket, q => q.Span);
}

internal sealed class MeasureRunsByTimeHandler(IRunReader runs)
    : IQueryHandler<MeasureRunsByTimeQuery, Result<RunMeasuresByTime>>
{
    public async ValueTask<Result<RunMeasuresByTime>> Handle(
        MeasureRunsByTimeQuery query,
        CancellationToken cancellationToken
    ) =>
        new RunMeasuresByTime(
            await runs.MeasureByTimeAsync(query.TenantId, query.Criteria, query.Span, query.Bucket, cancellationToken)
        );
}
