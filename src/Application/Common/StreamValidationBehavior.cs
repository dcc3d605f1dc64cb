using IndustryData.Domain;
using Mediator;

namespace IndustryData.Application.Common;

/// <summary>Rejects an invalid stream message. The only item of the stream is then the error.</summary>
internal sealed class StreamValidationBehavior<TMessage, TItem>(IMessageValidator<TMessage> validator)
    : IStreamPipelineBehavior<TMessage, TItem>
    where TMessage : notnull, IStreamMessage
    where TItem : IStreamItem<TItem>
{
    public IAsyncEnumerable<TItem> Handle(
        TMessage message,
        StreamHandlerDelegate<TMessage, TItem> next,
        CancellationToken cancellationToken
    )
    {
        var errors = validator.Validate(message);
        return errors.Count == 0
            ? next(message, cancellationToken)
            : new[] { TItem.Failure(Error.Aggregate(errors)) }.ToAsyncEnumerable();
    }
}
