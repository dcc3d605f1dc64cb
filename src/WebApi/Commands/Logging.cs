using Serilog;

namespace IndustryData.WebApi.Commands;

/// <summary>The log, as the section <c>Serilog</c> of the configuration describes it.</summary>
internal static class Logging
{
    /// <summary>Applies the section.</summary>
    /// <exception cref="StartupException">A setting of the section cannot be used.</exception>
    public static LoggerConfiguration Configure(LoggerConfiguration log, IConfiguration configuration)
    {
        try
        {
            return log.ReadFrom.Configuration(configuration);
        }
        catch (Exception exception)
        {
            // Whatever it throws, it throws because of that section.
            throw new StartupException($"A setting of the section Serilog cannot be used: {exception.Message}");
        }
    }
}
