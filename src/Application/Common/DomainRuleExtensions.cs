using FluentValidation;
using FluentValidation.Results;
using IndustryData.Domain;

namespace IndustryData.Application.Common;

internal static class DomainRuleExtensions
{
    /// <summary>Judges a value by a rule of the domain, whose fault keeps its own path, code and wording.</summary>
    public static void MustSatisfy<T, TValue>(this IRuleBuilder<T, TValue> builder, Func<TValue, Error?> rule) =>
        builder.MustSatisfyAll(value => rule(value) is { } fault ? [fault] : []);

    /// <summary>Judges a value by several rules of the domain at once.</summary>
    public static void MustSatisfyAll<T, TValue>(this IRuleBuilder<T, TValue> builder, Func<TValue, IEnumerable<Error>> rules) =>
        builder.Custom((value, context) =>
        {
            foreach (var fault in rules(value))
            {
                context.AddFailure(new ValidationFailure(fault.Target, fault.Message) { ErrorCode = fault.Code });
            }
        });
}
