using System.Diagnostics;
using System.Runtime.CompilerServices;
using Mediator;
using Microsoft.Extensions.Logging;

namespace IndustryData.Application.Common;

/// <summary>
/// Traces every stream message as a span of the source <c>IndustryData</c> and logs its outcome, its number of rows and
/// its duration. The span ends when the stream ends or its reader stops, so that it includes the queries. The log level
/// is Debug because this is the hot path.
/// </summary>
internal sealed partial class StreamLoggingBehavior<TMessage, TItem>(
    ILogger<StreamLoggingBehavior<TMessage, TItem>> logger,
    TimeProvider clock
) : IStreamPipelineBehavior<TMessage, TItem>
    where TMessage : notnull, IStreamMessage
    where TItem : IStreamItem<TItem>
{
    private static readonly string _useCase = typeof(TMessage).Name;

    // Without listeners the behavior adds no overhead.
    public IAsyncEnumerable<TItem> Handle(
        TMessage message,
        StreamHandlerDelegate<TMessage, TItem> next,
        CancellationToken cancellationToken
    ) =>
        Telemetry.Source.HasListeners() || logger.IsEnabled(LogLevel.Debug)
            ? HandleWithTelemetryAsync(message, next, cancellationToken)
            : next(message, cancellationToken);

    private async IAsyncEnumerable<TItem> HandleWithTelemetryAsync(
        TMessage message,
        StreamHandlerDelegate<TMessage, TItem> next,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var span = Telemetry.Source.StartActivity(_useCase);
        var (started, rows) = (clock.GetTimestamp(), 0L);
        string? code = null;
        Exception? failure = null;
        IAsyncEnumerator<TItem>? items = null;
        try
        {
            while (true)
            {
                // Each item is read in the context of the reader, whose current span is another one.
                if (span is not null)
                {
                    Activity.Current = span;
                }

                try
                {
                    items ??= next(message, cancellationToken).GetAsyncEnumerator(cancellationToken);
                    if (!await items.MoveNextAsync())
                    {
                        break;
                    }
                }
                catch (Exception exception)
                {
                    failure = exception;
                    throw;
                }

                rows += items.Current.IsRow ? 1 : 0;
                code ??= items.Current.Error?.Code;
                yield return items.Current;
            }
        }
        finally
        {
            if (items is not null)
            {
                await items.DisposeAsync();
            }

            Finish(span, rows, clock.GetElapsedTime(started), code, failure);
        }
    }

    private void Finish(Activity? span, long rows, TimeSpan duration, string? code, Exception? failure)
    {
        span?.SetTag("db.response.returned_rows", rows);
        if (failure is not null)
        {
            var type = span.SetError(failure);
            LogFailed(_useCase, type, rows, duration);
        }
        else if (code is not null)
        {
            span?.SetStatus(ActivityStatusCode.Error, code);
            LogRefused(_useCase, code);
        }
        else
        {
            LogDone(_useCase, rows, duration);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{UseCase} done: {Rows} rows in {Duration}")]
    private partial void LogDone(string useCase, long rows, TimeSpan duration);

    [LoggerMessage(
        Level = LogLevel.Debug,
        Message = "{UseCase} failed: {ExceptionType} after {Rows} rows in {Duration}"
    )]
    private partial void LogFailed(string useCase, string exceptionType, long rows, TimeSpan duration);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{UseCase} refused: {Code}")]
    private partial void LogRefused(string useCase, string code);
}
