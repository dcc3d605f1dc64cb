using System.Text;
using System.Text.Json;

namespace IndustryData.Domain.Runs;

/// <summary>Checks that a text is one JSON object within limits.</summary>
internal static class JsonObjectText
{
    /// <summary>The maximum nesting depth, in levels. <c>{}</c> has one level.</summary>
    public const int MaxLevels = 32;

    private static readonly JsonReaderOptions _options = new() { MaxDepth = MaxLevels };

    /// <summary>Processes one member of an object.</summary>
    /// <param name="reader">
    /// The reader, at the name of the member. It must be at the last token of the member's value afterwards.
    /// </param>
    /// <param name="state">What the caller collects.</param>
    public delegate void MemberReader<TState>(ref Utf8JsonReader reader, ref TState state);

    /// <summary>Returns the text of a JSON object.</summary>
    /// <exception cref="ArgumentException">The text is not one JSON object, too large or nested too deeply.</exception>
    public static string Parse(ReadOnlySpan<byte> utf8Json, int maxBytes)
    {
        var nothing = 0;
        return Parse(utf8Json, maxBytes, static (ref reader, ref _) => reader.Skip(), ref nothing);
    }

    /// <summary>Returns the text of a JSON object, and reads its members in the same pass.</summary>
    /// <inheritdoc cref="Parse(ReadOnlySpan{byte}, int)" />
    public static string Parse<TState>(
        ReadOnlySpan<byte> utf8Json,
        int maxBytes,
        MemberReader<TState> readMember,
        ref TState state
    )
    {
        if (utf8Json.Length > maxBytes)
        {
            throw new ArgumentException(
                $"The text has {utf8Json.Length} bytes, and {maxBytes} are allowed.",
                nameof(utf8Json)
            );
        }

        try
        {
            var reader = new Utf8JsonReader(utf8Json, _options);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                throw new JsonException("The text is not a JSON object.");
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                readMember(ref reader, ref state);
            }

            // Throws an exception if the text continues.
            reader.Read();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new ArgumentException(exception.Message, nameof(utf8Json), exception);
        }

        return Encoding.UTF8.GetString(utf8Json);
    }
}
