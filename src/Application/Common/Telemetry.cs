using System.Diagnostics;

namespace IndustryData.Application.Common;

internal static class Telemetry
{
    public static readonly ActivitySource Source = new("IndustryData");

    /// <summary>Records an exception by OpenTelemetry's conventions for errors on spans.</summary>
    /// <returns>The name of its type.</returns>
    public static string SetError(this Activity? span, Exception exception)
    {
        var type = exception.GetType().FullName!;
        span?.SetStatus(ActivityStatusCode.Error, type);
        span?.SetTag("error.type", type);
        return type;
    }
}
