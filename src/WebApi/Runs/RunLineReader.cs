using System.Text;
using System.Text.Json;
using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;

namespace IndustryData.WebApi.Runs;

/// <summary>Reads the run in a line of a file. The line is what the body of a request would be.</summary>
/// <param name="rules">The rules for the values of the run.</param>
internal sealed class RunLineReader(IMessageValidator<AddRunCommand> rules)
{
    /// <summary>The annotation of a line that names its idempotency key.</summary>
    public const string KeyAnnotation = "@industryData.idempotencyKey";

    private static readonly byte[] _keyAnnotation = Encoding.UTF8.GetBytes(KeyAnnotation);

    /// <summary>Reads a line.</summary>
    /// <param name="tenantId">The tenant that owns the run.</param>
    /// <param name="number">The number of the line.</param>
    /// <param name="bytes">The line. Values that are nested too deeply are replaced in it.</param>
    /// <returns>The run, whose values are not validated yet; or all errors of the line.</returns>
    public Result<ImportLine> Read(TenantId tenantId, long number, Memory<byte> bytes)
    {
        if (!JsonRequestBody.Parse(bytes).TryGetValue(out var body, out var error))
        {
            return error;
        }

        using (body)
        {
            var draft = RunJsonReader.Read(body.Root, body.Faults);
            var key = ReadKey(body);
            return body.FindErrors(rules, new AddRunCommand(tenantId, draft)) is { } errors
                ? errors
                : new ImportLine(number, draft, key);
        }
    }

    /// <summary>Finds all errors of a line.</summary>
    /// <returns>The errors; null if its run can be added.</returns>
    public Error? FindErrors(TenantId tenantId, long number, Memory<byte> bytes) =>
        !Read(tenantId, number, bytes).TryGetValue(out var line, out var error) ? error
        : rules.Validate(new AddRunCommand(tenantId, line.Run)) is { Count: > 0 } errors ? Error.Aggregate(errors)
        : null;

    /// <summary>Returns the idempotency key that a line names, as it is sent; null if it names none.</summary>
    public static string? FindKey(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Span.IndexOf(_keyAnnotation) < 0)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(bytes);
            return
                document.RootElement.ValueKind == JsonValueKind.Object
                && JsonElementExtensions.TryGetProperty(document.RootElement, KeyAnnotation) is { } value
                && JsonElementExtensions.TryGetString(value) is { } text
                && IdempotencyHeaders.IsKey(text)
                ? text
                : null;
        }
        catch (JsonException)
        {
            // The service refuses the line.
            return null;
        }
    }

    private static IdempotencyKey? ReadKey(JsonRequestBody body)
    {
        if (JsonElementExtensions.TryGetProperty(body.Root, KeyAnnotation) is not { } value)
        {
            return null;
        }

        var key = IdempotencyHeaders.TryCreate(JsonElementExtensions.TryGetString(value) ?? "", body.Bytes);
        if (key is null)
        {
            body.Faults.Add(
                KeyAnnotation,
                "invalidIdempotencyKey",
                $"{KeyAnnotation} must be a text of 1 to {IdempotencyHeaders.MaxKeyLength} printable ASCII characters."
            );
        }

        return key;
    }
}
