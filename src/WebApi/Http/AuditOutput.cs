namespace IndustryData.WebApi.Http;

/// <summary>Writes the audit log to standard output.</summary>
internal sealed class AuditOutput : IAuditOutput
{
    private readonly Stream _output = Console.OpenStandardOutput();

    /// <inheritdoc />
    public void Write(ReadOnlySpan<byte> lines)
    {
        // The other log writes a long line in several calls, and holds this lock meanwhile.
        lock (Console.Out)
        {
            _output.Write(lines);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _output.Dispose();
}
