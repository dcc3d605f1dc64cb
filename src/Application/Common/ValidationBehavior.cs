using FluentValidation;
using IndustryData.Domain;
using Mediator;

namespace IndustryData.Application.Common;

/// <summary>Refuses a message with every fault that it has: those of form, found when its body was read, and those of meaning, found by its validators.</summary>
internal sealed class ValidationBehavior<TMessage, TResponse>(IEnumerable<IValidator<TMessage>> validators) : IPipelineBehavior<TMessage, TResponse>
    where TMessage : notnull, IMessage
    where TResponse : IResultFactory<TResponse>
{
    public ValueTask<TResponse> Handle(TMessage message, MessageHandlerDelegate<TMessage, TResponse> next, CancellationToken cancellationToken)
    {
        var faults = message is IHasParseErrors read ? new ValidationErrors(read.ParseErrors) : [];
        foreach (var validator in validators)
        {
            // No rule waits for anything: what only the database can judge, it judges with the write.
            foreach (var failure in validator.Validate(message).Errors)
            {
                faults.Add(new Error(ErrorKind.Validation, failure.ErrorCode, failure.ErrorMessage, failure.PropertyName));
            }
        }

        return faults.Count == 0 ? next(message, cancellationToken) : ValueTask.FromResult(TResponse.Failure(Error.Aggregate(faults)));
    }
}
