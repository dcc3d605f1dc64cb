using System.Diagnostics;

namespace IndustryData.Application.Common;

/// <summary>The traces and metrics of the service.</summary>
public static class Telemetry
{
    /// <summary>The name of the source of the traces and of the meters.</summary>
    public const string Name = "IndustryData";

    internal static readonly ActivitySource Source = new(Name);

    /// <summary>Records an exception by OpenTelemetry's conventions for errors on spans.</summary>
    /// <returns>The name of its type.</returns>
    internal static string SetError(this Activity? span, Exception exception)
    {
        var type = exception.GetType().FullName!;
        span?.SetStatus(ActivityStatusCode.Error, type);
        span?.SetTag("error.type", type);
        return type;
    }
}
