using FluentValidation;
using FluentValidation.Results;
using IndustryData.Domain;

namespace IndustryData.Application.Common;

internal static class DomainRules
{
    /// <summary>Judges a value by a rule of the domain, whose fault keeps its own path, code and wording.</summary>
    public static void Obeys<T, TValue>(this IRuleBuilder<T, TValue> builder, Func<TValue, Error?> rule) =>
        builder.Custom((value, context) =>
        {
            if (rule(value) is { } fault)
            {
                context.AddFailure(new ValidationFailure(fault.Target, fault.Message) { ErrorCode = fault.Code });
            }
        });
}
