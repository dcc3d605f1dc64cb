namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>
/// The exception that is thrown when the embedded PostgreSQL cannot run and an operator can correct the cause.
/// <see cref="Exception.Message"/> is a single line that describes the error and its correction.
/// </summary>
public sealed class EmbeddedPostgresException : Exception
{
    /// <summary>
    /// Initializes the exception. Line breaks in <paramref name="message"/> are replaced by spaces.
    /// </summary>
    public EmbeddedPostgresException(string message, Exception? innerException = null)
        : base(message.ReplaceLineEndings(" "), innerException) { }
}
