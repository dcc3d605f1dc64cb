using FluentValidation;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;

namespace IndustryData.Application.Runs;

/// <summary>
/// Lists the runs that were open in a span: those that started before its end and ended after its beginning, or are
/// running. Runs that started more than seven days before the span are not found.
/// </summary>
/// <param name="TenantId">The tenant that owns the runs.</param>
/// <param name="Span">The span: at most 400 days.</param>
public sealed record ListOpenRunsQuery(TenantId TenantId, StartSpan Span) : IQuery<Result<OpenRuns>>
{
    /// <summary>The maximum number of runs. The newest ones are listed.</summary>
    public const int MaxRuns = 1500;

    /// <summary>The time before the span in which a run may have started.</summary>
    public static readonly TimeSpan MaxLead = TimeSpan.FromDays(7);

    /// <summary>The maximum length of the span.</summary>
    public static readonly TimeSpan MaxSpan = TimeSpan.FromDays(400);
}

/// <summary>The runs that were open in a span.</summary>
/// <param name="Runs">The runs, the newest first.</param>
/// <param name="HasMore">True if there are more of them.</param>
public sealed record OpenRuns(IReadOnlyList<FamilyRun> Runs, bool HasMore);

internal sealed class ListOpenRunsValidator : AbstractValidator<ListOpenRunsQuery>
{
    public ListOpenRunsValidator() =>
        RuleFor(q => q.Span)
            .Must(span => span.To > span.From && span.To - span.From <= ListOpenRunsQuery.MaxSpan)
            .WithErrorCode("invalidSpan")
            .WithMessage(
                $"The span must end after its beginning, at most {ListOpenRunsQuery.MaxSpan.Days} days later."
            );
}

internal sealed class ListOpenRunsHandler(IRunReader runs, TimeProvider clock)
    : IQueryHandler<ListOpenRunsQuery, Result<OpenRuns>>
{
    public async ValueTask<Result<OpenRuns>> Handle(ListOpenRunsQuery query, CancellationToken cancellationToken)
    {
        // The earliest time of .NET has no time before it.
        var lead = query.Span.From - DateTimeOffset.MinValue;
        var open = await runs.ListOpenAsync(
            query.TenantId,
            query.Span,
            clock.GetUtcNow(),
            query.Span.From - (lead < ListOpenRunsQuery.MaxLead ? lead : ListOpenRunsQuery.MaxLead),
            ListOpenRunsQuery.MaxRuns + 1,
            cancellationToken
        );
        return new OpenRuns([.. open.Take(ListOpenRunsQuery.MaxRuns)], open.Count > ListOpenRunsQuery.MaxRuns);
    }
}
