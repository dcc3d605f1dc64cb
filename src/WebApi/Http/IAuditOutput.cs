namespace IndustryData.WebApi.Http;

/// <summary>Receives the lines of the audit log. It is used by one thread.</summary>
internal interface IAuditOutput : IDisposable
{
    /// <summary>Writes lines.</summary>
    /// <param name="lines">Whole lines in UTF-8, each with a line feed at its end.</param>
    /// <exception cref="IOException">The output refuses them. They are lost, at least in part.</exception>
    void Write(ReadOnlySpan<byte> lines);
}
