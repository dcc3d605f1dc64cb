namespace IndustryData.WebApi;

/// <summary>Something that whoever runs the service can mend. The message is one line that says what to do.</summary>
internal sealed class StartupException(string message) : Exception(message);
