using System.Reflection;
using Mono.Cecil;

namespace IndustryData.ArchitectureTests;

/// <summary>The string literals and constants of types, read from their IL.</summary>
internal sealed class Literals
{
    private readonly ILookup<string, string> _texts;

    public Literals(IEnumerable<Assembly> assemblies) =>
        _texts = assemblies
            .SelectMany(assembly => ModuleDefinition.ReadModule(assembly.Location).GetTypes())
            .SelectMany(type => TextsOf(type).Select(text => (Type: Outermost(type).FullName, Text: text)))
            .ToLookup(found => found.Type, found => found.Text);

    /// <summary>Returns the texts in a type and its nested types.</summary>
    public IEnumerable<string> Of(string fullName) => _texts[fullName];

    private static IEnumerable<string> TextsOf(TypeDefinition type)
    {
        var loaded = type.Methods.Where(m => m.HasBody).SelectMany(m => m.Body.Instructions).Select(i => i.Operand);
        var constants = type.Fields.Where(f => f.HasConstant).Select(f => f.Constant);
        return loaded.Concat(constants).OfType<string>();
    }

    private static TypeDefinition Outermost(TypeDefinition type) =>
        type.DeclaringType is { } outer ? Outermost(outer) : type;
}
