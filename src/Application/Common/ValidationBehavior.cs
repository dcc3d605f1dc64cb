using FluentValidation;
using IndustryData.Domain;
using Mediator;

namespace IndustryData.Application.Common;

/// <summary>
/// Rejects an invalid message. The error contains all parse errors of the body and all validation errors of the
/// validators.
/// </summary>
internal sealed class ValidationBehavior<TMessage, TResponse>(IEnumerable<IValidator<TMessage>> validators)
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
        var faults = message is IHasParseErrors read ? new ValidationErrors(read.ParseErrors) : [];
        foreach (var validator in validators)
        {
            // All rules are synchronous. Rules that need the database are checked during the write.
            foreach (var failure in validator.Validate(message).Errors)
            {
                faults.Add(
                    new Error(ErrorKind.Validation, failure.ErrorCode, failure.ErrorMessage, failure.PropertyName)
                );
            }
        }

        return faults.Count == 0
            ? next(message, cancellationToken)
            : ValueTask.FromResult(TResponse.Failure(Error.Aggregate(faults)));
    }
}
