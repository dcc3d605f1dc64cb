using System.Diagnostics;
using IndustryData.Domain;
using Mediator;
using Microsoft.Extensions.Logging;

namespace IndustryData.Application.Common;

/// <summary>
/// Traces every message as a span of the source <c>IndustryData</c> and logs its outcome. The log level is Debug
/// because this is the hot path.
/// </summary>
internal sealed partial class LoggingBehavior<TMessage, TResponse>(ILogger<LoggingBehavior<TMessage, TResponse>> logger)
    : IPipelineBehavior<TMessage, TResponse>
    where TMessage : notnull, IMessage
    where TResponse : IResultFactory<TResponse>
{
    private static readonly string _useCase = typeof(TMessage).Name;

    // Without listeners the behavior adds no overhead.
    public ValueTask<TResponse> Handle(
        TMessage message,
        MessageHandlerDelegate<TMessage, TResponse> next,
        CancellationToken cancellationToken
    ) =>
        Telemetry.Source.HasListeners() || logger.IsEnabled(LogLevel.Debug)
            ? HandleWithTelemetryAsync(message, next, cancellationToken)
            : next(message, cancellationToken);

    private async ValueTask<TResponse> HandleWithTelemetryAsync(
        TMessage message,
        MessageHandlerDelegate<TMessage, TResponse> next,
        CancellationToken cancellationToken
    )
    {
        using var span = Telemetry.Source.StartActivity(_useCase);
        TResponse response;
        try
        {
            response = await next(message, cancellationToken);
        }
        catch (Exception exception)
        {
            var type = span.SetError(exception);
            LogFailed(_useCase, type);
            throw;
        }

        if (response.Error is { } error)
        {
            span?.SetStatus(ActivityStatusCode.Error, error.Code);
            LogRefused(_useCase, error.Code);
        }
        else
        {
            LogDone(_useCase);
        }

        return response;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{UseCase} done")]
    private partial void LogDone(string useCase);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{UseCase} failed: {ExceptionType}")]
    private partial void LogFailed(string useCase, string exceptionType);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{UseCase} refused: {Code}")]
    private partial void LogRefused(string useCase, string code);
}
