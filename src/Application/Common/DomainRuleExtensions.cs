using FluentValidation;
using FluentValidation.Results;
using IndustryData.Domain;

namespace IndustryData.Application.Common;

internal static class DomainRuleExtensions
{
    /// <summary>Validates a value with a domain rule. The error keeps its path, code, and message.</summary>
    public static void MustSatisfy<T, TValue>(this IRuleBuilder<T, TValue> builder, Func<TValue, Error?> rule) =>
        builder.MustSatisfyAll(value => rule(value) is { } fault ? [fault] : []);

    /// <summary>Validates a value with several domain rules at once.</summary>
    public static void MustSatisfyAll<T, TValue>(
        this IRuleBuilder<T, TValue> builder,
        Func<TValue, IEnumerable<Error>> rules
    ) =>
        builder.Custom(
            (value, context) =>
            {
                foreach (var fault in rules(value))
                {
                    context.AddFailure(new ValidationFailure(fault.Target, fault.Message) { ErrorCode = fault.Code });
                }
            }
        );
}
