using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using IndustryData.Application.Common;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.OData;

namespace IndustryData.WebApi.FunctionalTests.OData;

public sealed class PageTokenTests
{
    private const string Options = "$filter=status eq 'running'";

    private static readonly TenantId _tenant = new(Tokens.Tenant);
    private static readonly object?[] _place =
    [
        "Nightly rostering",
        new DateTimeOffset(2026, 11, 22, 2, 0, 0, TimeSpan.Zero),
        (short)2,
        1_234_567_890_123L,
        Guid.NewGuid(),
        null,
    ];

    private readonly Keys _keys = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private PageTokenProtector Token => new(_keys);

    [Fact]
    public async Task Token_gives_back_what_was_written()
    {
        var opened = await ReadAsync(await WriteAsync());

        opened.Place.ShouldBe(_place);
        opened.IsOutdated.ShouldBeFalse();
    }

    [Fact]
    public async Task Token_shows_nothing_of_the_place_and_is_never_the_same_twice()
    {
        var (first, second) = (await WriteAsync(), await WriteAsync());

        first.ShouldNotBe(second);
        var bytes = Base64Url.DecodeFromChars(first);
        bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes("Nightly")).ShouldBe(-1);
        bytes.AsSpan().IndexOf(BitConverter.GetBytes(1_234_567_890_123L)).ShouldBe(-1);
        bytes.AsSpan().IndexOf(((Guid)_place[4]!).ToByteArray()).ShouldBe(-1);
    }

    [Fact]
    public async Task Tokens_that_many_threads_write_open_and_have_different_nonces()
    {
        // The version and the key id precede the nonce of 12 bytes.
        const int NonceStart = 9;
        const int NonceEnd = 21;
        var protector = Token;
        var tokens = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 20_000),
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancellation },
            async (number, stop) =>
            {
                var tenant = new TenantId(number % 2 == 0 ? Tokens.Tenant : Tokens.OtherTenant);
                var token = await protector.WriteAsync(tenant, PageTokenProtector.List, Options, [(long)number], stop);
                var opened = await protector.ReadAsync(tenant, PageTokenProtector.List, Options, token, stop);
                opened.Place.ShouldBe([(long)number]);
                tokens.Add(token);
            }
        );

        tokens
            .Select(t => Convert.ToHexString(Base64Url.DecodeFromChars(t).AsSpan()[NonceStart..NonceEnd]))
            .Distinct()
            .Count()
            .ShouldBe(tokens.Count);
    }

    [Fact]
    public async Task Token_of_another_tenant_purpose_or_options_is_invalid()
    {
        var token = await WriteAsync();

        (
            await Token.ReadAsync(
                new TenantId(Tokens.OtherTenant),
                PageTokenProtector.List,
                Options,
                token,
                Cancellation
            )
        ).ShouldBe(OpenedToken.Invalid);
        (await Token.ReadAsync(_tenant, PageTokenProtector.Delta, Options, token, Cancellation)).ShouldBe(
            OpenedToken.Invalid
        );
        (await Token.ReadAsync(_tenant, PageTokenProtector.List, $"{Options} ", token, Cancellation)).ShouldBe(
            OpenedToken.Invalid
        );
    }

    [Fact]
    public async Task Token_with_any_byte_changed_does_not_open()
    {
        var token = Base64Url.DecodeFromChars(await WriteAsync());
        for (var i = 0; i < token.Length; i++)
        {
            token[i] ^= 1;
            var opened = await ReadAsync(Base64Url.EncodeToString(token));
            token[i] ^= 1;

            opened.Place.ShouldBeNull();

            // The first 9 bytes are the version and the key id.
            opened.IsOutdated.ShouldBe(i < 9, $"byte {i}");
        }
    }

    [Fact]
    public async Task Token_of_another_version_or_a_key_that_is_gone_is_outdated()
    {
        var token = await WriteAsync();
        var older = Base64Url.EncodeToString([(byte)'g', .. RandomNumberGenerator.GetBytes(50)]);
        _keys.Replace();

        (await ReadAsync(older)).ShouldBe(OpenedToken.Outdated);
        (await ReadAsync(token)).ShouldBe(OpenedToken.Outdated);
    }

    [Theory]
    [InlineData("")]
    [InlineData("AAAA")]
    [InlineData("!!!!")]
    [InlineData("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ")]
    public async Task Text_that_is_too_short_or_not_base64url_is_invalid(string text) =>
        (await ReadAsync(text)).ShouldBe(OpenedToken.Invalid);

    [Fact]
    public async Task Token_of_an_older_key_that_is_still_there_opens()
    {
        var token = await WriteAsync();
        _keys.Add();

        (await ReadAsync(token)).Place.ShouldBe(_place);
        (await ReadAsync(await WriteAsync())).Place.ShouldBe(_place);
    }

    private ValueTask<string> WriteAsync() =>
        Token.WriteAsync(_tenant, PageTokenProtector.List, Options, _place, Cancellation);

    private ValueTask<OpenedToken> ReadAsync(string text) =>
        Token.ReadAsync(_tenant, PageTokenProtector.List, Options, text, Cancellation);

    private sealed class Keys : IPageTokenKeyProvider
    {
        private readonly List<PageTokenSecret> _secrets = [New()];

        public ValueTask<PageTokenSecret> GetAsync(CancellationToken cancellationToken) =>
            ValueTask.FromResult(_secrets[^1]);

        public ValueTask<PageTokenSecret?> FindAsync(long keyId, CancellationToken cancellationToken) =>
            ValueTask.FromResult(_secrets.Find(s => s.KeyId == keyId));

        public void Add() => _secrets.Add(New());

        public void Replace()
        {
            _secrets.Clear();
            Add();
        }

        private static PageTokenSecret New() => PageTokenSecret.Derive(RandomNumberGenerator.GetBytes(32));
    }
}
