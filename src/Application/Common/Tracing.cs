using System.Diagnostics;

namespace IndustryData.Application.Common;

internal static class Tracing
{
    public static readonly ActivitySource Source = new("IndustryData");
}
