namespace IndustryData.Infrastructure.Persistence.Migrations;

/// <summary>Reads the SQL of migrations and of roles, which is embedded in the assembly.</summary>
internal static class MigrationSql
{
    /// <summary>Returns the text of a file.</summary>
    /// <param name="name">The name of the file, with its extension.</param>
    public static string Read(string name)
    {
        var stream =
            typeof(MigrationSql).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The assembly has no resource {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
