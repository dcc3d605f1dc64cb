using System.Xml.Linq;
using IndustryData.Application.Common;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace IndustryData.WebApi.Security;

/// <summary>Stores the keys of Data Protection in the database.</summary>
internal sealed class SessionKeyRepository(ISessionKeys keys) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements() => [.. keys.Read().Select(XElement.Parse)];

    public void StoreElement(XElement element, string friendlyName) =>
        keys.Add(element.ToString(SaveOptions.DisableFormatting));
}
