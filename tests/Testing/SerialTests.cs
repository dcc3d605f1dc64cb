namespace IndustryData.Testing;

/// <summary>
/// The collection of the classes that run alone: they measure time or memory, or look at what all databases of the
/// server share, such as the oldest open transaction.
/// </summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class SerialTests;
