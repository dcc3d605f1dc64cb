using System.Security.Cryptography;
using IndustryData.Application.Common;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.WebUtilities;

namespace IndustryData.WebApi.Security;

/// <summary>
/// Seals the content of a session for its cookie. During an outage of the database, a session whose key is not known is
/// not invalid: the exception then leads to the response for the outage. The format of ASP.NET Core would return null.
/// </summary>
internal sealed class SessionTicketFormat(IDataProtectionProvider keys, IDatabaseHealth database)
    : ISecureDataFormat<AuthenticationTicket>
{
    private const string Purpose = "IndustryData.Session.v1";

    public string Protect(AuthenticationTicket data) => Protect(data, purpose: null);

    public string Protect(AuthenticationTicket data, string? purpose) =>
        WebEncoders.Base64UrlEncode(Protector(purpose).Protect(TicketSerializer.Default.Serialize(data)));

    public AuthenticationTicket? Unprotect(string? protectedText) => Unprotect(protectedText, purpose: null);

    public AuthenticationTicket? Unprotect(string? protectedText, string? purpose)
    {
        try
        {
            var bytes = Protector(purpose).Unprotect(WebEncoders.Base64UrlDecode(protectedText ?? ""));
            return TicketSerializer.Default.Deserialize(bytes);
        }
        catch (FormatException)
        {
            return null;
        }
        catch (CryptographicException exception) when (database.Classify(exception) is null)
        {
            return null;
        }
    }

    private IDataProtector Protector(string? purpose) =>
        purpose is null ? keys.CreateProtector(Purpose) : keys.CreateProtector(Purpose, purpose);
}
