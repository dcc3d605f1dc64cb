using System.Diagnostics;

namespace IndustryData.Application.Common;

internal static class Telemetry
{
    public static readonly ActivitySource Source = new("IndustryData");
}
