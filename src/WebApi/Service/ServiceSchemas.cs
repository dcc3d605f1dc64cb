namespace IndustryData.WebApi.Service;

/// <summary>The names of the schemas of the service itself in the OpenAPI document.</summary>
internal static class ServiceSchemas
{
    public const string ServiceDocument = "serviceDocument";
    public const string Singleton = "singleton";
    public const string Csdl = "csdl";
    public const string CsdlJson = "csdlJson";
    public const string Health = "health";
}
