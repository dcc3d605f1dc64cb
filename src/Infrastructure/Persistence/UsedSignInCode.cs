namespace IndustryData.Infrastructure.Persistence;

/// <summary>A sign-in code that has been used. Maintenance deletes it a day after the code expired.</summary>
internal sealed class UsedSignInCode
{
    public Guid Id { get; init; }

    public DateTimeOffset ExpiresDateTime { get; init; }
}
