using IndustryData.Application.Runs;
using IndustryData.Dashboard.Parts;
using IndustryData.Domain.Runs;

namespace IndustryData.Dashboard.SingleRun;

/// <summary>The model of the page of a run.</summary>
/// <param name="Run">The run.</param>
/// <param name="Totals">The inbound totals of its statistics.</param>
/// <param name="Roles">The people of its statistics by role.</param>
/// <param name="Activities">The activities, at most <see cref="RunPage.DefaultSize"/>.</param>
/// <param name="AfterActivity">The activity after which they begin; null for the first ones.</param>
/// <param name="HasMoreActivities">True if the run has more activities.</param>
/// <param name="Neighbors">The runs of its family beside it; null if they could not be read in time.</param>
/// <param name="Usual">The usual values of its family; null if they are not known.</param>
public sealed record SingleRunModel(
    RunResponse Run,
    InboundTotals Totals,
    IReadOnlyList<RoleCount> Roles,
    IReadOnlyList<ActivityResponse> Activities,
    ActivityId? AfterActivity,
    bool HasMoreActivities,
    RunNeighbors? Neighbors,
    RunFamilyStatistics? Usual
);
