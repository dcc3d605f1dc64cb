using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;

namespace IndustryData.Dashboard.Charts;

/// <summary>Renders the SVG element <c>text</c>. In Razor, a tag of this name has another meaning.</summary>
public sealed class SvgText : ComponentBase
{
    /// <summary>The horizontal position.</summary>
    [Parameter, EditorRequired]
    public int X { get; set; }

    /// <summary>The vertical position of the baseline.</summary>
    [Parameter, EditorRequired]
    public int Y { get; set; }

    /// <summary>The text.</summary>
    [Parameter, EditorRequired]
    public string Value { get; set; } = "";

    /// <inheritdoc />
    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        builder.OpenElement(0, "text");
        builder.AddAttribute(1, "class", "tick");
        builder.AddAttribute(2, "x", X);
        builder.AddAttribute(3, "y", Y);
        builder.AddAttribute(4, "aria-hidden", "true");
        builder.AddContent(5, Value);
        builder.CloseElement();
    }
}
