using IndustryData.Domain;
using Mediator;

namespace IndustryData.Application.Common;

/// <summary>Rejects an invalid message with all of its validation errors.</summary>
internal sealed class ValidationBehavior<TMessage, TResponse>(IMessageValidator<TMessage> validator)
    : IPipelineBehavior<TMessage, TResponse>
    where TMessage : notnull, IMessage
    where TResponse : IResultFactory<TResponse>
{
    public ValueTask<TResponse> Handle(
        TMessage message,
        MessageHandlerDelegate<TMessage, TResponse> next,
        CancellationToken cancellationToken
    )
    {
        var errors = validator.Validate(message);
        return errors.Count == 0
            ? next(message, cancellationToken)
            : ValueTask.FromResult(TResponse.Failure(Error.Aggregate(errors)));
    }
}
