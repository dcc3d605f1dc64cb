using System.Text.Encodings.Web;
using System.Text.Json;
using IndustryData.WebApi.OData;

namespace IndustryData.WebApi.Http;

/// <summary>The one media type that payloads are written in.</summary>
internal static class ODataResponseWriter
{
    /// <summary>Texts stay readable; <c>nosniff</c> keeps browsers from taking them for HTML.</summary>
    public static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    // A copy of the payload, and the table of its tokens.
    private const int ParsingFactor = 2;

    /// <summary>Writes a payload in the format that the caller asked for.</summary>
    /// <param name="response">The response.</param>
    /// <param name="status">Its status.</param>
    /// <param name="write">Writes the payload with minimal control information.</param>
    /// <param name="mayContainEnums">Whether members of evolvable enumerations may be in it.</param>
    public static Task WriteJsonAsync(
        this HttpResponse response,
        int status,
        Action<Utf8JsonWriter> write,
        bool mayContainEnums = true
    ) =>
        response.WriteJsonAsync(
            status,
            json =>
            {
                write(json);
                return Task.CompletedTask;
            },
            mayContainEnums
        );

    /// <inheritdoc cref="WriteJsonAsync(HttpResponse, int, Action{Utf8JsonWriter}, bool)" />
    public static async Task WriteJsonAsync(
        this HttpResponse response,
        int status,
        Func<Utf8JsonWriter, Task> write,
        bool mayContainEnums = true
    )
    {
        var http = response.HttpContext;
        var admission = Admission.Of(http);

        // The answer to a write that is committed must not fail for want of memory. It is hardly larger than the
        // request.
        var isRequired = !HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method);
        var minimal = new PooledBufferWriter(admission, isRequired);
        try
        {
            await using (var json = new Utf8JsonWriter(minimal, WriterOptions))
            {
                await write(json);
            }

            await WriteAsync(response, admission, status, minimal, mayContainEnums);
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
        int status,
        PooledBufferWriter minimal,
        bool mayContainEnums
    )
    {
        var (http, isRequired) = (response.HttpContext, minimal.IsRequired);
        var format = ODataFormat.GetCurrent(http);
        response.StatusCode = status;
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
            await using (var json = new Utf8JsonWriter(other, WriterOptions))
            {
                ControlInformationRewriter.Rewrite(minimal.Written, format, ServiceUrls.Root(http.Request), json);
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

    // A short answer does not wait for its caller. A long one is left to the limiter, which sends it when the endpoint
    // has returned.
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
