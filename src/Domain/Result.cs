using System.Diagnostics.CodeAnalysis;

namespace IndustryData.Domain;

/// <summary>Lets a pipeline behavior create a failed result.</summary>
/// <typeparam name="TSelf">The result type itself.</typeparam>
public interface IResultFactory<TSelf>
    where TSelf : IResultFactory<TSelf>
{
    /// <summary>The error; null if the operation succeeded.</summary>
    Error? Error { get; }

    /// <summary>Creates a failed result.</summary>
    static abstract TSelf Failure(Error error);
}

/// <summary>The outcome of an operation: its value or an <see cref="Error"/>.</summary>
/// <typeparam name="T">The type of the value.</typeparam>
public sealed class Result<T> : IResultFactory<Result<T>>
    where T : notnull
{
    private readonly T? _value;

    private Result(T? value, Error? error) => (_value, Error) = (value, error);

    /// <summary>Creates a successful result.</summary>
    /// <remarks>Needed for interface types, from which C# allows no user-defined implicit conversion.</remarks>
    public Result(T value)
        : this(value, null) { }

    /// <inheritdoc />
    public Error? Error { get; }

    /// <summary>The value of a successful operation.</summary>
    /// <exception cref="InvalidOperationException">The operation failed.</exception>
    public T Value => Error is null ? _value! : throw new InvalidOperationException($"Refused: {Error.Message}");

    /// <summary>Gets the value or the error.</summary>
    /// <returns>True if the operation succeeded.</returns>
    public bool TryGetValue([NotNullWhen(true)] out T? value, [NotNullWhen(false)] out Error? error)
    {
        (value, error) = (_value, Error);
        return Error is null;
    }

    static Result<T> IResultFactory<Result<T>>.Failure(Error error) => error;

    /// <summary>Converts a value to a successful result.</summary>
    public static implicit operator Result<T>(T value) => new(value, null);

    /// <summary>Converts an error to a failed result.</summary>
    public static implicit operator Result<T>(Error error) => new(default, error);
}
