using System.Reflection;
using Mono.Cecil;

namespace IndustryData.ArchitectureTests;

/// <summary>
/// The method calls, read from the IL instructions. ArchUnitNET does not examine async iterators or the statements of
/// Program.cs.
/// </summary>
internal sealed class Calls
{
    private readonly ILookup<string, string> _callees;

    public Calls(IEnumerable<Assembly> assemblies) =>
        _callees = assemblies
            .SelectMany(assembly => ModuleDefinition.ReadModule(assembly.Location).GetTypes())
            .SelectMany(type =>
                type.Methods.Where(m => m.HasBody)
                    .SelectMany(m => m.Body.Instructions)
                    .Select(i => i.Operand)
                    .OfType<MethodReference>()
                    .Select(callee =>
                        (Caller: Outermost(type).FullName, Callee: $"{callee.DeclaringType.FullName}.{callee.Name}")
                    )
            )
            .ToLookup(call => call.Caller, call => call.Callee);

    /// <summary>
    /// Returns the methods that a type and its nested types call or take the address of, as
    /// <c>Namespace.Type.Method</c>.
    /// </summary>
    public IEnumerable<string> Of(string fullName) => _callees[fullName];

    private static TypeDefinition Outermost(TypeDefinition type) =>
        type.DeclaringType is { } outer ? Outermost(outer) : type;
}
