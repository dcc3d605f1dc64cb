using FluentValidation;
using IndustryData.Domain;
using Mediator;

namespace IndustryData.Application.Common;

/// <summary>Rejects an invalid stream message. The only item of the stream is then the error.</summary>
internal sealed class StreamValidationBehavior<TMessage, TItem>(IEnumerable<IValidator<TMessage>> validators)
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
        var errors = new List<Error>();
        foreach (var validator in validators)
        {
            foreach (var failure in validator.Validate(message).Errors)
            {
                errors.Add(
                    new Error(ErrorKind.Validation, failure.ErrorCode, failure.ErrorMessage, failure.PropertyName)
                );
            }
        }

        return errors.Count == 0
            ? next(message, cancellationToken)
            : new[] { TItem.Failure(Error.Aggregate(errors)) }.ToAsyncEnumerable();
    }
}
