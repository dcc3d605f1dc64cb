namespace IndustryData.WebApi.Cli;

/// <summary>Reads the arguments of commands whose options all have a value: <c>--name VALUE …</c>.</summary>
internal static class OptionPairs
{
    /// <summary>Reads the names of the options with their values.</summary>
    /// <exception cref="StartupException">The last option has no value.</exception>
    public static IEnumerable<(string Name, string Value)> Read(IReadOnlyList<string> arguments, string usage)
    {
        for (var i = 0; i < arguments.Count; i += 2)
        {
            yield return i + 1 < arguments.Count ? (arguments[i], arguments[i + 1]) : throw new StartupException(usage);
        }
    }

    /// <summary>Reads the options <c>--tenant GUID</c> and <c>--url URL</c>.</summary>
    /// <returns>The tenant, by default that of development, and the URL of the service, if it is given.</returns>
    /// <exception cref="StartupException">The arguments are invalid.</exception>
    public static (Guid Tenant, Uri? Url) ReadTenantAndUrl(IReadOnlyList<string> arguments, string usage)
    {
        var (tenant, url) = (TokenCommand.DevelopmentTenant, default(Uri));
        foreach (var (name, value) in Read(arguments, usage))
        {
            switch (name)
            {
                case "--tenant":
                    tenant = TokenCommand.ReadTenant(value, usage);
                    break;
                case "--url":
                    url = ListenUrls.ReadServiceUrl(value, name);
                    break;
                default:
                    throw new StartupException(usage);
            }
        }

        return (tenant, url);
    }
}
