using System.Security.Claims;
using System.Text.Encodings.Web;
using System.Text.Json;
using IndustryData.WebApi.Security;
using Microsoft.IdentityModel.JsonWebTokens;

namespace IndustryData.WebApi.Http;

/// <summary>An event of the audit log: what a caller did or was refused. Properties without a value are null.</summary>
internal sealed class AuditEvent
{
    // The names are those of the compact JSON format of Serilog (CLEF).
    private static readonly JsonEncodedText _time = JsonEncodedText.Encode("@t");
    private static readonly JsonEncodedText _messageTemplate = JsonEncodedText.Encode("@mt");
    private static readonly JsonEncodedText _template = Encode("{action} {status}");

    // Marks the lines, because standard output also has the lines of the other log.
    private static readonly JsonEncodedText _sourceContext = JsonEncodedText.Encode("SourceContext");
    private static readonly JsonEncodedText _source = Encode("IndustryData.Audit");

    private static readonly JsonEncodedText _tenant = JsonEncodedText.Encode("tenant");
    private static readonly JsonEncodedText _subject = JsonEncodedText.Encode("subject");
    private static readonly JsonEncodedText _application = JsonEncodedText.Encode("application");
    private static readonly JsonEncodedText _token = JsonEncodedText.Encode("token");
    private static readonly JsonEncodedText _action = JsonEncodedText.Encode("action");
    private static readonly JsonEncodedText _run = JsonEncodedText.Encode("run");
    private static readonly JsonEncodedText _createdToken = JsonEncodedText.Encode("created_token");
    private static readonly JsonEncodedText _status = JsonEncodedText.Encode("status");
    private static readonly JsonEncodedText _error = JsonEncodedText.Encode("error");
    private static readonly JsonEncodedText _repeated = JsonEncodedText.Encode("repeated");
    private static readonly JsonEncodedText _address = JsonEncodedText.Encode("address");
    private static readonly JsonEncodedText _requestId = JsonEncodedText.Encode("request_id");
    private static readonly JsonEncodedText _clientRequestId = JsonEncodedText.Encode("client_request_id");

    /// <summary>The time at which the response was complete.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The caller.</summary>
    public required AuditCaller Caller { get; init; }

    /// <summary>The id of the operation, or the method of a request that has none.</summary>
    public required string Action { get; init; }

    /// <summary>The id of the run that the request names or has created.</summary>
    public Guid? Run { get; init; }

    /// <summary>The id of the token that the request has created.</summary>
    public Guid? CreatedToken { get; init; }

    /// <summary>The status code of the response.</summary>
    public required int Status { get; init; }

    /// <summary>The code of the error.</summary>
    public string? Error { get; init; }

    /// <summary>The number of equal events before this one that were not written.</summary>
    public int? Repeated { get; init; }

    /// <summary>The address of the caller.</summary>
    public string? Address { get; init; }

    /// <summary>The id of the request.</summary>
    public required string RequestId { get; init; }

    /// <summary>The id that the caller assigned to the request.</summary>
    public string? ClientRequestId { get; init; }

    /// <summary>The options of the writer that <see cref="WriteTo"/> needs.</summary>
    public static JsonWriterOptions WriterOptions { get; } =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Writes the event as a JSON object.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        Span<byte> time = stackalloc byte[32];
        Time.UtcDateTime.TryFormat(time, out var length, "O");
        writer.WriteString(_time, time[..length]);
        writer.WriteString(_messageTemplate, _template);
        writer.WriteString(_sourceContext, _source);
        WriteText(_tenant, Caller.Tenant);
        WriteText(_subject, Caller.Subject);
        WriteText(_application, Caller.Application);
        WriteText(_token, Caller.Token);
        writer.WriteString(_action, Action);
        WriteId(_run, Run);
        WriteId(_createdToken, CreatedToken);
        writer.WriteNumber(_status, Status);
        WriteText(_error, Error);
        if (Repeated is { } repeated)
        {
            writer.WriteNumber(_repeated, repeated);
        }

        WriteText(_address, Address);
        writer.WriteString(_requestId, RequestId);
        WriteText(_clientRequestId, ClientRequestId);
        writer.WriteEndObject();

        void WriteText(JsonEncodedText name, string? value)
        {
            if (value is not null)
            {
                writer.WriteString(name, value);
            }
        }

        void WriteId(JsonEncodedText name, Guid? value)
        {
            if (value is { } id)
            {
                writer.WriteString(name, id);
            }
        }
    }

    private static JsonEncodedText Encode(string value) => JsonEncodedText.Encode(value, WriterOptions.Encoder);
}

/// <summary>
/// The values that the audit log has of a caller. Values of claims that the caller does not have are null.
/// </summary>
internal sealed class AuditCaller(ClaimsPrincipal caller)
{
    // An identity provider chooses the length of these claims.
    private const int MaxClaimLength = 256;

    /// <summary>The tenant.</summary>
    public string? Tenant { get; } = Claim(caller, Authentication.TenantClaim);

    /// <summary>The person or the service.</summary>
    public string? Subject { get; } = Claim(caller, "oid") ?? Claim(caller, JwtRegisteredClaimNames.Sub);

    /// <summary>The application that acts for the subject.</summary>
    public string? Application { get; } = Claim(caller, "azp") ?? Claim(caller, "appid");

    /// <summary>The id of the token.</summary>
    public string? Token { get; } = Claim(caller, JwtRegisteredClaimNames.Jti);

    private static string? Claim(ClaimsPrincipal caller, string type) =>
        caller.FindFirst(type)?.Value is { } value ? value[..Math.Min(value.Length, MaxClaimLength)] : null;
}
