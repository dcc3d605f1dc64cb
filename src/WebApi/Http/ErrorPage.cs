using IndustryData.Domain;

namespace IndustryData.WebApi.Http;

/// <summary>Metadata of a route for people: its errors are pages and not JSON.</summary>
/// <param name="WriteAsync">Writes the page of a status code and an error.</param>
internal sealed record ErrorPage(Func<HttpContext, int, Error, Task> WriteAsync);
