using IndustryData.Domain;

namespace IndustryData.Application.Common;

/// <summary>
/// Validates a message that is not sent, because its errors are to be reported together with others. The pipeline
/// validates each message that is sent.
/// </summary>
/// <typeparam name="TMessage">The type of the message.</typeparam>
public interface IMessageValidator<in TMessage>
    where TMessage : notnull
{
    /// <summary>Returns the validation errors of a message, in the order of its rules.</summary>
    IReadOnlyList<Error> Validate(TMessage message);
}
