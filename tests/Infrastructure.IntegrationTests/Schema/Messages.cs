using IndustryData.Infrastructure.Persistence;
using Microsoft.Extensions.Logging;

namespace IndustryData.Infrastructure.IntegrationTests.Schema;

/// <summary>A logger that keeps its messages in a list.</summary>
internal sealed class Messages : List<string>, ILogger<DatabaseMaintenanceService>
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    ) => Add(formatter(state, exception));
}
