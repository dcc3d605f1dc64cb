namespace IndustryData.WebApi;

/// <summary>
/// The exception for an error that the operator can correct. The message is one line that says what to do.
/// </summary>
internal sealed class StartupException(string message) : Exception(message);
