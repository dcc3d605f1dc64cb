namespace IndustryData.WebApi.Security;

/// <summary>Whose tokens are taken: the configuration section <c>Authentication</c>.</summary>
internal sealed class TokenOptions
{
    public const string Section = "Authentication";

    /// <summary>The audience that tokens must be for, unless an authority has one of its own.</summary>
    public string Audience { get; set; } = "industrydata";

    /// <summary>
    /// Keys of at least 32 bytes, base64. The first signs the tokens that the command <c>token</c> prints; all of them
    /// are trusted.
    /// </summary>
    public List<string> SigningKeys { get; } = [];

    /// <summary>OpenID Connect providers (Entra ID, Keycloak).</summary>
    public List<AuthorityOptions> Authorities { get; } = [];
}

/// <summary>One OpenID Connect provider.</summary>
internal sealed class AuthorityOptions
{
    /// <summary>Its base URL, below which <c>/.well-known/openid-configuration</c> lies.</summary>
    public string Authority { get; set; } = "";

    /// <summary>The audience of its tokens; null: the common one.</summary>
    public string? Audience { get; set; }

    /// <summary>
    /// The issuer that its tokens name, where it is not the one that its configuration document names.
    /// </summary>
    public string? Issuer { get; set; }

    /// <summary>
    /// The tenants that its tokens may name: GUIDs, or <c>*</c> for every tenant, which only a sole authority may have.
    /// Required when there are several authorities; empty for a sole one means every tenant.
    /// </summary>
    public List<string> Tenants { get; } = [];

    /// <summary>
    /// The URL where people sign in. Callers without a token receive it, because Excel and Power BI ask for it
    /// ("Organizational account").
    /// </summary>
    public string? AuthorizationUri { get; set; }

    /// <summary>False only for trying out a provider that has no certificate.</summary>
    public bool RequireHttps { get; set; } = true;
}
