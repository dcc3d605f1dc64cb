using System.Linq.Expressions;
using FluentValidation;

namespace IndustryData.Application.Runs;

/// <summary>The rules for queries whose result has a row for each bucket of a span.</summary>
internal static class BucketRules
{
    /// <summary>The maximum number of buckets.</summary>
    public const int MaxBuckets = 1000;

    /// <summary>Requires buckets of whole minutes, and a span of at most <see cref="MaxBuckets"/> of them.</summary>
    /// <param name="validator">The validator of the query.</param>
    /// <param name="bucket">The length of a bucket.</param>
    /// <param name="span">The span.</param>
    public static void MustHaveBuckets<TQuery>(
        this AbstractValidator<TQuery> validator,
        Expression<Func<TQuery, TimeSpan>> bucket,
        Expression<Func<TQuery, StartSpan>> span
    )
    {
        var length = bucket.Compile();
        validator
            .RuleFor(bucket)
            .Must(b => b >= TimeSpan.FromMinutes(1) && b.Ticks % TimeSpan.TicksPerMinute == 0)
            .WithErrorCode("invalidBucket")
            .WithMessage("A bucket must be a whole number of minutes.");
        validator
            .RuleFor(span)
            .Must((query, s) => s.To > s.From && (s.To - s.From) / length(query) <= MaxBuckets)
            .When(query => length(query) > TimeSpan.Zero)
            .WithErrorCode("invalidSpan")
            .WithMessage($"The span must have 1 to {MaxBuckets} buckets.");
    }
}
