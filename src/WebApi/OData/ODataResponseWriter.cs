using System.Text.Json;
using IndustryData.WebApi.Http;

namespace IndustryData.WebApi.OData;

/// <summary>Writes payloads in JSON, the only media type of payloads.</summary>
internal static class ODataResponseWriter
{
    // Parsing needs memory for a copy of the payload and for the table of its tokens.
    private const int ParsingFactor = 2;

    /// <summary>Writes a payload in the format that the caller requested.</summary>
    /// <param name="response">The response.</param>
    /// <param name="write">Writes the payload with minimal control information.</param>
    /// <param name="mayContainEnums">True if the payload can contain members of evolvable enumerations.</param>
    public static Task WriteJsonAsync(
        this HttpResponse response,
        Action<Utf8JsonWriter> write,
        bool mayContainEnums = true
    ) =>
        response.WriteJsonAsync(
            json =>
            {
                write(json);
                return Task.CompletedTask;
            },
            mayContainEnums
        );

    /// <inheritdoc cref="WriteJsonAsync(HttpResponse, Action{Utf8JsonWriter}, bool)" />
    public static async Task WriteJsonAsync(
        this HttpResponse response,
        Func<Utf8JsonWriter, Task> write,
        bool mayContainEnums = true
    )
    {
        var http = response.HttpContext;
        var admission = Admission.Of(http);

        // The response to a committed write must not fail because of a memory limit. It is hardly larger than the
        // request.
        var isRequired = !HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method);
        var minimal = new PooledBufferWriter(admission, isRequired);
        try
        {
            await using (var json = new Utf8JsonWriter(minimal, ResponseJson.WriterOptions))
            {
                await write(json);
            }

            await WriteAsync(response, admission, minimal, mayContainEnums);
        }
        finally
        {
            if (admission?.Pending != minimal)
            {
                minimal.Dispose();
            }
        }
    }

    private static async Task WriteAsync(
        HttpResponse response,
        Admission? admission,
        PooledBufferWriter minimal,
        bool mayContainEnums
    )
    {
        var (http, isRequired) = (response.HttpContext, minimal.IsRequired);
        var format = ODataFormat.GetCurrent(http);
        response.ContentType = format.ContentType;
        if (mayContainEnums)
        {
            Preferences.ApplyUnknownMembers(http);
        }

        if (format == ODataFormat.Default)
        {
            await SendAsync(response, admission, minimal);
            return;
        }

        var other = new PooledBufferWriter(admission, isRequired);
        try
        {
            var parsing = ParsingFactor * minimal.Length;
            admission?.Reserve(parsing, isRequired);
            await using (var json = new Utf8JsonWriter(other, ResponseJson.WriterOptions))
            {
                ControlInformationRewriter.Rewrite(minimal.Written, format, ServiceRoot.Of(http.Request), json);
            }

            admission?.Release(parsing);
            minimal.Clear();
            await SendAsync(response, admission, other);
        }
        finally
        {
            if (admission?.Pending != other)
            {
                other.Dispose();
            }
        }
    }

    // A short response is sent at once, because it does not wait for its caller. The limiter sends a long response
    // after the endpoint has returned.
    private static Task SendAsync(HttpResponse response, Admission? admission, PooledBufferWriter body)
    {
        response.ContentLength = body.Length;
        if (admission is null || body.IsOneSegment)
        {
            return body.SendAsync(response);
        }

        admission.Pending = body;
        return Task.CompletedTask;
    }
}
