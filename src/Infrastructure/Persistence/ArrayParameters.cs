using Npgsql;
using NpgsqlTypes;

namespace IndustryData.Infrastructure.Persistence;

/// <summary>Parameters of statements that write many rows at once: one array for each column.</summary>
internal static class ArrayParameters
{
    /// <summary>Adds an array parameter with a value for each row.</summary>
    public static void Values<TRow, TValue>(
        this NpgsqlBatchCommand command,
        IReadOnlyList<TRow> rows,
        Func<TRow, TValue> value
    ) => command.Parameters.Add(new NpgsqlParameter<TValue[]> { TypedValue = Column(rows, value) });

    /// <summary>Adds an array parameter with a JSON document or null for each row.</summary>
    public static void Json<TRow>(
        this NpgsqlBatchCommand command,
        IReadOnlyList<TRow> rows,
        Func<TRow, string?> value
    ) =>
        command.Parameters.Add(
            new NpgsqlParameter<string?[]>
            {
                TypedValue = Column(rows, value),
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Json,
            }
        );

    /// <summary>Returns an array with a value for each row.</summary>
    public static TValue[] Column<TRow, TValue>(IReadOnlyList<TRow> rows, Func<TRow, TValue> value)
    {
        var column = new TValue[rows.Count];
        for (var i = 0; i < column.Length; i++)
        {
            column[i] = value(rows[i]);
        }

        return column;
    }
}
