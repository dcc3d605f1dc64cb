using System.Runtime.CompilerServices;
using System.Security.Claims;
using IndustryData.WebApi.Security;
using Microsoft.IdentityModel.JsonWebTokens;
using Serilog;
using Serilog.Configuration;
using Serilog.Core;
using Serilog.Debugging;
using Serilog.Events;
using Serilog.Formatting.Compact;
using Serilog.Parsing;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Writes one event for each write, start or end of a session, created token, and refusal: time, tenant, caller,
/// action, run, outcome and request ids. It is a log of its own, in the compact JSON format of Serilog. A background
/// thread writes the events. If it cannot keep up, requests wait for it. Events that the file system refuses are lost;
/// the reason is written to standard error.
/// </summary>
internal sealed class AuditLog : IDisposable
{
    private static readonly TimeSpan _closeTimeout = TimeSpan.FromSeconds(2);

    private static readonly string[] _methods = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"];

    private const long MaxFileBytes = 1L << 30;
    private const int MaxProperties = 14;

    private static readonly MessageTemplate _template = new MessageTemplateParser().Parse("{action} {status}");

    // Marks the lines, because standard output also has the lines of the other log.
    private static readonly ScalarValue _source = new("IndustryData.Audit");

    // Requests with the same token have the same principal.
    private readonly ConditionalWeakTable<ClaimsPrincipal, AuditCaller> _callers = [];
    private readonly Logger? _log;
    private readonly TimeProvider _clock;
    private readonly RepeatedRefusals _floods;

    /// <summary>Opens the log.</summary>
    /// <exception cref="StartupException">The file cannot be written.</exception>
    public AuditLog(AuditOptions options, TimeProvider clock)
    {
        _clock = clock;
        _floods = new RepeatedRefusals(clock);
        if (!options.Enabled)
        {
            return;
        }

        CheckFile(options.Path);
        SelfLog.Enable(Console.Error);
        _log = new LoggerConfiguration().WriteTo.Sink(Open(options)).CreateLogger();
    }

    /// <summary>Writes the event of a completed request if there is one.</summary>
    public void Write(HttpContext http)
    {
        var operation = http.GetEndpoint()?.Metadata.GetMetadata<OperationDescription>();
        var session = http.GetEndpoint()?.Metadata.GetMetadata<SessionAction>();
        var (status, error) = Outcome(http);
        if (_log is null || !(IsWrite(operation) || session is not null || IsRefusal(status)))
        {
            return;
        }

        var caller = _callers.GetValue(http.Features.Get<RefusedCaller>()?.Claims ?? http.User, static c => new(c));
        var address = http.Connection.RemoteIpAddress?.ToString();
        var repeated = 0;
        if (
            IsFloodable(status, caller.TenantText)
            && !_floods.TryTake((caller.TenantText ?? address, error), out repeated)
        )
        {
            return;
        }

        var properties = new Dictionary<string, LogEventPropertyValue>(MaxProperties) { ["SourceContext"] = _source };
        Add("tenant", caller.Tenant);
        Add("subject", caller.Subject);
        Add("application", caller.Application);
        Add("token", caller.Token);
        Add("action", operation?.Id ?? session?.Name ?? MethodOf(http));
        Add("run", operation is null ? null : RunOf(http));
        Add("created_token", http.Features.Get<CreatedTokenId>()?.Value.ToString());
        Add("status", status);
        Add("error", error);
        Add("repeated", repeated > 0 ? repeated : null);
        Add("address", address);
        Add("request_id", http.TraceIdentifier);
        Add("client_request_id", RequestIdMiddleware.ClientRequestId(http));

        // The constructor copies the properties into a dictionary that grows several times.
        _log.Write(
            LogEvent.UnstableAssembleFromParts(
                _clock.GetUtcNow(),
                LogEventLevel.Information,
                exception: null,
                _template,
                properties,
                traceId: default,
                spanId: default
            )
        );

        void Add(string name, object? value)
        {
            if (value is not null)
            {
                properties.Add(name, value as ScalarValue ?? new ScalarValue(value));
            }
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        // If standard output is stuck, the buffered events must not keep the process from stopping.
        if (_log is not null)
        {
            Task.Run(_log.Dispose).Wait(_closeTimeout);
        }
    }

    private static AuditQueue Open(AuditOptions options)
    {
        if (options.Path.Length == 0)
        {
            var output = new AuditOutput(new CompactJsonFormatter(), Console.OpenStandardOutput());
            return new AuditQueue(output, output.CompleteRound);
        }

        var file = new AuditFile();
        var sink = LoggerSinkConfiguration.CreateSink(to =>
            to.File(
                new CompactJsonFormatter(),
                options.Path,
                rollingInterval: RollingInterval.Day,
                rollOnFileSizeLimit: true,
                fileSizeLimitBytes: MaxFileBytes,
                retainedFileCountLimit: null,
                hooks: file,
                retainedFileTimeLimit: options.RetentionDays > 0 ? TimeSpan.FromDays(options.RetentionDays) : null
            )
        );
        return new AuditQueue(sink, file.CompleteRound);
    }

    // A client that closes the connection does not learn the outcome of its write. 499 is not an HTTP status; proxies
    // use it in their logs for this.
    private static (int Status, string? Error) Outcome(HttpContext http) =>
        http.RequestAborted.IsCancellationRequested && !http.Response.HasStarted
            ? (StatusCodes.Status499ClientClosedRequest, "clientClosedRequest")
            : (http.Response.StatusCode, ErrorCode.Of(http));

    // Callers can send these requests at any rate.
    private static bool IsFloodable(int status, string? tenant) =>
        status == StatusCodes.Status429TooManyRequests
        || (status == StatusCodes.Status401Unauthorized && tenant is null);

    // A client can send any text as method.
    private static string MethodOf(HttpContext http) =>
        _methods.Contains(http.Request.Method) ? http.Request.Method : "OTHER";

    private static bool IsWrite(OperationDescription? operation) =>
        operation?.Permission is { } permission && (permission == Permissions.Write || permission == Permissions.Start);

    private static bool IsRefusal(int status) =>
        status
            is StatusCodes.Status401Unauthorized
                or StatusCodes.Status403Forbidden
                or StatusCodes.Status409Conflict
                or StatusCodes.Status412PreconditionFailed
                or StatusCodes.Status422UnprocessableEntity
                or StatusCodes.Status429TooManyRequests;

    // The id in the path, or the id of the created run. Only an id has this form, so no other text of the caller is
    // written.
    private static string? RunOf(HttpContext http)
    {
        if (http.Request.RouteValues.TryGetValue("id", out var value))
        {
            return Guid.TryParse(value as string, out var id) ? id.ToString() : null;
        }

        var location = http.Response.Headers.Location.ToString();
        return Guid.TryParse(location.AsSpan(location.LastIndexOf('/') + 1), out var created)
            ? created.ToString()
            : null;
    }

    // What the log says of a caller.
    private sealed class AuditCaller(ClaimsPrincipal caller)
    {
        // An identity provider chooses the length of these claims.
        private const int MaxClaimLength = 256;

        public string? TenantText => Tenant?.Value as string;

        public ScalarValue? Tenant { get; } = Claim(caller, Authentication.TenantClaim);

        public ScalarValue? Subject { get; } = Claim(caller, "oid") ?? Claim(caller, JwtRegisteredClaimNames.Sub);

        public ScalarValue? Application { get; } = Claim(caller, "azp") ?? Claim(caller, "appid");

        public ScalarValue? Token { get; } = Claim(caller, JwtRegisteredClaimNames.Jti);

        private static ScalarValue? Claim(ClaimsPrincipal caller, string type) =>
            caller.FindFirst(type)?.Value is { } value
                ? new ScalarValue(value[..Math.Min(value.Length, MaxClaimLength)])
                : null;
    }

    private static void CheckFile(string path)
    {
        if (path.Length == 0)
        {
            return;
        }

        try
        {
            // Serilog would report the failure nowhere.
            var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
            Directory.CreateDirectory(folder);
            using var probe = new FileStream(
                System.IO.Path.Combine(folder, System.IO.Path.GetRandomFileName()),
                new FileStreamOptions
                {
                    Mode = FileMode.CreateNew,
                    Access = FileAccess.Write,
                    Options = FileOptions.DeleteOnClose,
                }
            );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new StartupException($"Audit:Path: the audit log cannot be written ({exception.Message}).");
        }
    }
}

/// <summary>The code of the error that a response reports.</summary>
/// <param name="Code">The code in camelCase.</param>
internal sealed record ErrorCode(string Code)
{
    /// <summary>Returns the code of the error of a response; null if it has none.</summary>
    public static string? Of(HttpContext http) => http.Features.Get<ErrorCode>()?.Code;
}

/// <summary>Metadata of a route that starts or ends the session of a browser, or creates a token for it.</summary>
/// <param name="Name">The name of the action in the audit log.</param>
internal sealed record SessionAction(string Name);

/// <summary>The id of the token that a request created.</summary>
/// <param name="Value">The claim <c>jti</c>.</param>
internal sealed record CreatedTokenId(Guid Value);
