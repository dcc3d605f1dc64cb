using Serilog;

namespace IndustryData.WebApi.Cli;

/// <summary>Configures the log with the section <c>Serilog</c> of the configuration.</summary>
internal static class Logging
{
    /// <summary>Applies the section to the configuration of a logger.</summary>
    /// <exception cref="StartupException">A setting of the section cannot be used.</exception>
    public static LoggerConfiguration Configure(LoggerConfiguration log, IConfiguration configuration)
    {
        try
        {
            return log.ReadFrom.Configuration(configuration);
        }
        catch (Exception exception)
        {
            // Every exception here has its cause in that section.
            throw new StartupException($"A setting of the section Serilog cannot be used: {exception.Message}");
        }
    }
}
