using FluentValidation;
using IndustryData.Domain;

namespace IndustryData.Application.Common;

/// <summary>Validates a message with the validators that are registered for it.</summary>
internal sealed class MessageValidator<TMessage>(IEnumerable<IValidator<TMessage>> validators)
    : IMessageValidator<TMessage>
    where TMessage : notnull
{
    private readonly IValidator<TMessage>[] _validators = [.. validators];

    public IReadOnlyList<Error> Validate(TMessage message)
    {
        // Created with the first error, because nearly every message has none.
        ValidationErrors? errors = null;
        foreach (var validator in _validators)
        {
            // All rules are synchronous. Rules that need the database are checked during the write.
            foreach (var failure in validator.Validate(message).Errors)
            {
                errors ??= [];
                errors.Add(
                    new Error(
                        ErrorKind.Validation,
                        failure.ErrorCode,
                        failure.ErrorMessage,
                        ToPath(failure.PropertyName)
                    )
                );
            }
        }

        return errors ?? (IReadOnlyList<Error>)[];
    }

    // FluentValidation writes activities[0].displayName. The targets of errors are like activities/0/displayName.
    private static string ToPath(string propertyName) =>
        propertyName.Replace("].", "/", StringComparison.Ordinal).Replace('[', '/');
}
