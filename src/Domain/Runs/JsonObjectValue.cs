namespace IndustryData.Domain.Runs;

/// <summary>A JSON object as a text. Two objects are equal if their JSON values are equal.</summary>
/// <param name="Text">The text.</param>
internal sealed record JsonObjectValue(string Text)
{
    /// <inheritdoc />
    public bool Equals(JsonObjectValue? other) => other is not null && JsonEquality.DeepEquals(Text, other.Text);

    // Equal values may have different texts, so the hash cannot be computed from the text. Hash lookups are not used.
    /// <inheritdoc />
    public override int GetHashCode() => 0;
}
