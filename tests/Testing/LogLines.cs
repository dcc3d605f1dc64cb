using Microsoft.Extensions.Logging;

namespace IndustryData.Testing;

/// <summary>A logger that keeps its messages in a list.</summary>
public sealed class LogLines<T> : List<string>, ILogger<T>
{
    /// <summary>The number of messages with an exception.</summary>
    public int Exceptions { get; private set; }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        Add(formatter(state, exception));
        Exceptions += exception is null ? 0 : 1;
    }
}
