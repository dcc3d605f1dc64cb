using IndustryData.Domain;
using Microsoft.AspNetCore.Http;

namespace IndustryData.Dashboard.Shell;

/// <summary>Reads forms that pages send, and answers them.</summary>
internal static class Forms
{
    /// <summary>Reads a form.</summary>
    /// <returns>The form; null if the body is not a form. In this case, the error page has been written.</returns>
    public static async Task<IFormCollection?> ReadAsync(HttpContext http)
    {
        try
        {
            if (http.Request.HasFormContentType)
            {
                return await http.Request.ReadFormAsync(http.RequestAborted);
            }
        }
        catch (InvalidDataException)
        {
            // The form has too many fields, or a field is too long.
        }

        var error = new Error(ErrorKind.Validation, "malformedForm", "The form cannot be read. Send it from the page.");
        await Pages.RenderErrorAsync(http, StatusCodes.Status400BadRequest, error);
        return null;
    }

    /// <summary>Sends the browser to a page after a form (303), so that a reload does not repeat the form.</summary>
    public static void SeeOther(this HttpResponse response, string url)
    {
        response.StatusCode = StatusCodes.Status303SeeOther;
        response.Headers.Location = url;
    }
}
