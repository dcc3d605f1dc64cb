using IndustryData.Application.Common;
using Npgsql;

namespace IndustryData.Infrastructure.Persistence;

internal sealed class PageTokenKey(NpgsqlDataSource database) : IPageTokenKey
{
    private byte[]? _key;

    public async ValueTask<byte[]> GetAsync(CancellationToken cancellationToken)
    {
        if (_key is null)
        {
            await using var command = database.CreateCommand("SELECT key FROM token_keys ORDER BY id DESC LIMIT 1");
            _key = (byte[])(await command.ExecuteScalarAsync(cancellationToken))!;
        }

        return _key;
    }
}
