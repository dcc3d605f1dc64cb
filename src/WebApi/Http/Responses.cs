using System.Text.Json;

namespace IndustryData.WebApi.Http;

/// <summary>Sets the status codes of successful responses. The default of the server is 200.</summary>
internal static class Responses
{
    /// <summary>Starts the response to a request that created an entity (201). The entity follows.</summary>
    public static void SetCreated(this HttpResponse response) => response.StatusCode = StatusCodes.Status201Created;

    /// <summary>Writes the response to an accepted request (202).</summary>
    /// <param name="response">The response.</param>
    /// <param name="location">The URL of the created entity.</param>
    public static Task WriteAcceptedAsync(this HttpResponse response, string location)
    {
        response.Headers.Location = location;
        response.StatusCode = StatusCodes.Status202Accepted;
        return Task.CompletedTask;
    }

    /// <summary>Redirects a browser to the pages for people (302).</summary>
    public static void RedirectToPages(this HttpResponse response) =>
        response.Redirect($"{response.HttpContext.Request.PathBase.ToUriComponent()}/ui");

    /// <summary>Sends a browser to a page after a form (303), so that a reload does not repeat the form.</summary>
    /// <param name="response">The response.</param>
    /// <param name="path">The path and query of the page, without the path base.</param>
    public static void SeePage(this HttpResponse response, string path)
    {
        response.StatusCode = StatusCodes.Status303SeeOther;
        response.Headers.Location = $"{response.HttpContext.Request.PathBase.ToUriComponent()}{path}";
    }

    /// <summary>Writes a response without a body (204).</summary>
    public static Task WriteNoContentAsync(this HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    /// <summary>Writes the response to a caller that already has the current representation (304).</summary>
    public static Task WriteNotModifiedAsync(this HttpResponse response)
    {
        response.StatusCode = StatusCodes.Status304NotModified;
        return Task.CompletedTask;
    }

    /// <summary>
    /// Rejects a method that the path does not support (405). <see cref="GraphErrorMiddleware"/> writes the body.
    /// </summary>
    /// <param name="response">The response.</param>
    /// <param name="allow">The methods that the path supports, separated by commas.</param>
    public static Task RejectMethodAsync(this HttpResponse response, string allow)
    {
        response.Headers.Allow = allow;
        response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        return Task.CompletedTask;
    }

    /// <summary>Writes a short JSON response outside OData (200).</summary>
    public static async Task WritePlainJsonAsync(this HttpResponse response, Action<Utf8JsonWriter> write)
    {
        response.ContentType = MediaTypes.Json;
        await using var json = new Utf8JsonWriter(response.BodyWriter, ResponseJson.WriterOptions);
        write(json);
    }

    /// <summary>Writes a plain text response (200).</summary>
    public static Task WriteTextAsync(this HttpResponse response, string text)
    {
        response.ContentType = MediaTypes.Text;
        return response.WriteAsync(text, response.HttpContext.RequestAborted);
    }
}
