using System.Runtime.CompilerServices;
using System.Security.Claims;
using IndustryData.WebApi.Security;
using Serilog.Debugging;

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

    // Requests with the same token have the same principal.
    private readonly ConditionalWeakTable<ClaimsPrincipal, AuditCaller> _callers = [];
    private readonly AuditQueue? _queue;
    private readonly TimeProvider _clock;
    private readonly RepeatedRefusals _floods;

    /// <summary>Opens the log.</summary>
    /// <exception cref="StartupException">The file cannot be written.</exception>
    public AuditLog(AuditOptions options, TimeProvider clock)
    {
        _clock = clock;
        _floods = new RepeatedRefusals(clock);
        if (options.Enabled)
        {
            SelfLog.Enable(Console.Error);
            _queue = new AuditQueue(options.Path.Length == 0 ? new AuditOutput() : new AuditFile(options));
        }
    }

    /// <summary>Writes the event of a completed request if there is one.</summary>
    public void Write(HttpContext http)
    {
        var operation = http.GetEndpoint()?.Metadata.GetMetadata<OperationDescription>();
        var session = http.GetEndpoint()?.Metadata.GetMetadata<SessionAction>();
        var (status, error) = Outcome(http);
        if (_queue is null || !(IsWrite(operation) || session is not null || IsRefusal(status)))
        {
            return;
        }

        var caller = _callers.GetValue(http.Features.Get<RefusedCaller>()?.Claims ?? http.User, static c => new(c));
        var address = http.Connection.RemoteIpAddress?.ToString();
        var repeated = 0;
        if (IsFloodable(status, caller.Tenant) && !_floods.TryTake((caller.Tenant ?? address, error), out repeated))
        {
            return;
        }

        _queue.Add(
            new AuditEvent
            {
                Time = _clock.GetUtcNow(),
                Caller = caller,
                Action = operation?.Id ?? session?.Name ?? MethodOf(http),
                Run = operation is null ? null : RunOf(http),
                CreatedToken = http.Features.Get<CreatedTokenId>()?.Value,
                Status = status,
                Error = error,
                Repeated = repeated > 0 ? repeated : null,
                Address = address,
                RequestId = http.TraceIdentifier,
                ClientRequestId = RequestIdMiddleware.ClientRequestId(http),
            }
        );
    }

    /// <inheritdoc />
    public void Dispose()
    {
        // If standard output is stuck, the buffered events must not keep the process from stopping.
        if (_queue is not null)
        {
            Task.Run(_queue.Dispose).Wait(_closeTimeout);
        }
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
    private static Guid? RunOf(HttpContext http)
    {
        if (http.Request.RouteValues.TryGetValue("id", out var value))
        {
            return Guid.TryParse(value as string, out var id) ? id : null;
        }

        var location = http.Response.Headers.Location.ToString();
        return Guid.TryParse(location.AsSpan(location.LastIndexOf('/') + 1), out var created) ? created : null;
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
