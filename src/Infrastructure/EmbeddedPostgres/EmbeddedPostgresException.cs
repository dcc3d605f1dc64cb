namespace IndustryData.Infrastructure.EmbeddedPostgres;

/// <summary>
/// The embedded PostgreSQL cannot run, and an operator can correct the cause. <see cref="Exception.Message"/> is one
/// line: what is wrong and what to do.
/// </summary>
public sealed class EmbeddedPostgresException : Exception
{
    /// <summary>Makes the exception; line breaks in <paramref name="message"/> become spaces.</summary>
    public EmbeddedPostgresException(string message, Exception? innerException = null)
        : base(message.ReplaceLineEndings(" "), innerException)
    {
    }
}
