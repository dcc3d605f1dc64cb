namespace IndustryData.WebApi.Security;

/// <summary>The settings for accepted tokens (configuration section <c>Authentication</c>).</summary>
internal sealed class TokenOptions
{
    public const string Section = "Authentication";

    /// <summary>The required audience of tokens. An authority can have its own.</summary>
    public string Audience { get; set; } = "industrydata";

    /// <summary>
    /// The service's own keys, in base64, of at least 32 bytes each. The first key signs the tokens that the command
    /// <c>token</c> prints. All keys are trusted.
    /// </summary>
    public List<string> SigningKeys { get; } = [];

    /// <summary>OpenID Connect providers (Entra ID, Keycloak).</summary>
    public List<AuthorityOptions> Authorities { get; } = [];
}

/// <summary>One OpenID Connect provider.</summary>
internal sealed class AuthorityOptions
{
    /// <summary>The base URL. The configuration is below it, at <c>/.well-known/openid-configuration</c>.</summary>
    public string Authority { get; set; } = "";

    /// <summary>The audience of its tokens; null for <see cref="TokenOptions.Audience"/>.</summary>
    public string? Audience { get; set; }

    /// <summary>The issuer of its tokens if it is not the issuer in its configuration document.</summary>
    public string? Issuer { get; set; }

    /// <summary>
    /// The tenants that its tokens may name: GUIDs, or <c>*</c> for every tenant. Only a sole authority may have
    /// <c>*</c>. The list is required if there are several authorities. An empty list of a sole authority means every
    /// tenant.
    /// </summary>
    public List<string> Tenants { get; } = [];

    /// <summary>
    /// The URL for users to sign in. Callers without a token receive it, because Excel and Power BI require it
    /// ("Organizational account").
    /// </summary>
    public string? AuthorizationUri { get; set; }

    /// <summary>The name of the provider on the page to sign in; null for the host of its URL.</summary>
    public string? Name { get; set; }

    /// <summary>
    /// The id of this service as a client of the provider. With it, people sign in to the pages at the provider; null
    /// if the provider has no such client.
    /// </summary>
    public string? ClientId { get; set; }

    /// <summary>The secret of the client. It is required with <see cref="ClientId"/>.</summary>
    public string? ClientSecret { get; set; }

    /// <summary>False only for tests with a provider that has no certificate.</summary>
    public bool RequireHttps { get; set; } = true;
}
