using System.Diagnostics.CodeAnalysis;

namespace IndustryData.Domain;

/// <summary>What a pipeline behaviour needs to know of a result: how to make one that refuses.</summary>
/// <typeparam name="TSelf">The result type itself.</typeparam>
public interface IResultFactory<TSelf>
    where TSelf : IResultFactory<TSelf>
{
    /// <summary>Null when the operation succeeded.</summary>
    Error? Error { get; }

    /// <summary>Makes the result of a refused operation.</summary>
    static abstract TSelf Failure(Error error);
}

/// <summary>Either the value of an operation that succeeded or the <see cref="Error"/> that refused it.</summary>
/// <typeparam name="T">The value.</typeparam>
public sealed class Result<T> : IResultFactory<Result<T>>
    where T : notnull
{
    private readonly T? _value;

    private Result(T? value, Error? error) => (_value, Error) = (value, error);

    /// <summary>A success. For values of interface types, which C# converts to nothing by itself.</summary>
    public Result(T value)
        : this(value, null)
    {
    }

    /// <inheritdoc />
    public Error? Error { get; }

    /// <summary>The value of a success.</summary>
    /// <exception cref="InvalidOperationException">The operation was refused.</exception>
    public T Value => Error is null ? _value! : throw new InvalidOperationException($"Refused: {Error.Message}");

    /// <summary>Tells a success from a refusal.</summary>
    public bool TryGetValue([NotNullWhen(true)] out T? value, [NotNullWhen(false)] out Error? error)
    {
        (value, error) = (_value, Error);
        return Error is null;
    }

    static Result<T> IResultFactory<Result<T>>.Failure(Error error) => error;

    /// <summary>A value is a success.</summary>
    public static implicit operator Result<T>(T value) => new(value, null);

    /// <summary>An error is a refusal.</summary>
    public static implicit operator Result<T>(Error error) => new(default, error);
}
