using IndustryData.Domain.Runs;

namespace IndustryData.Application.Runs.Live;

/// <summary>Receives the tenants whose changes of runs have been committed. Thread-safe.</summary>
public interface IRunChangeSignal
{
    /// <summary>True while somebody follows the changes of a tenant. A commit then names its tenants.</summary>
    bool IsWatched { get; }

    /// <summary>Signals that a change of a tenant has been committed. It returns at once.</summary>
    void Touch(TenantId tenantId);
}
