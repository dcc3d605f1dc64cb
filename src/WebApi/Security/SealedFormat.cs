using System.Security.Cryptography;
using IndustryData.Application.Common;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.WebUtilities;

namespace IndustryData.WebApi.Security;

/// <summary>
/// Seals data that a browser keeps for the service: the content of a session, or the state of a sign-in. During an
/// outage of the database, data whose key is not known is not invalid: the exception then leads to the response for the
/// outage. The format of ASP.NET Core would return null.
/// </summary>
/// <param name="serializer">Converts the data to bytes.</param>
/// <param name="keys">The keys.</param>
/// <param name="database">Tells an outage from data that is not valid.</param>
/// <param name="purpose">The purpose of the data. Data of one purpose is not valid for another.</param>
internal sealed class SealedFormat<TData>(
    IDataSerializer<TData> serializer,
    IDataProtectionProvider keys,
    IDatabaseHealth database,
    string purpose
) : ISecureDataFormat<TData>
    where TData : class
{
    public string Protect(TData data) => Protect(data, purpose: null);

    public string Protect(TData data, string? purpose) =>
        WebEncoders.Base64UrlEncode(Protector(purpose).Protect(serializer.Serialize(data)));

    public TData? Unprotect(string? protectedText) => Unprotect(protectedText, purpose: null);

    public TData? Unprotect(string? protectedText, string? purpose)
    {
        try
        {
            var bytes = Protector(purpose).Unprotect(WebEncoders.Base64UrlDecode(protectedText ?? ""));
            return serializer.Deserialize(bytes);
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

    private IDataProtector Protector(string? detail) =>
        detail is null ? keys.CreateProtector(purpose) : keys.CreateProtector(purpose, detail);
}
