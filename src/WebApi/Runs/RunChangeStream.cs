using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using IndustryData.Application.Runs.Live;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using IndustryData.WebApi.Http;
using IndustryData.WebApi.OData;
using IndustryData.WebApi.Security;

namespace IndustryData.WebApi.Runs;

/// <summary>Responds to a delta query with a stream of events.</summary>
internal static class RunChangeStream
{
    private const string Ready = "ready";
    private const string Changes = "runs";
    private const string Many = "many";
    private const string Ping = "ping";
    private const string Gone = "gone";
    private const string Bye = "bye";

    private static readonly TimeSpan _pingInterval = TimeSpan.FromSeconds(15);

    // Revocations are known after at most two seconds. A stream ends within ten seconds.
    private static readonly TimeSpan _checkInterval = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan _maxFarewell = TimeSpan.FromSeconds(1);

    private static readonly string[] _pageOptions = [ODataQueryString.Top, ODataQueryString.SkipToken];

    private static readonly ReadOnlyMemory<byte> _ping = EventStream.Encode(Ping);
    private static readonly ReadOnlyMemory<byte> _gone = EventStream.Encode(Gone);

    /// <summary>Responds to a request.</summary>
    /// <param name="http">The request.</param>
    /// <param name="address">The path of the runs.</param>
    /// <param name="options">The options as sent.</param>
    /// <param name="asked">The parsed options.</param>
    public static async Task RespondAsync(
        HttpContext http,
        RunCollectionPath address,
        ODataQueryString options,
        RunQueryOptions asked
    )
    {
        if (Admission.Of(http)?.IsInBatch == true)
        {
            await http.WriteBadRequestAsync(
                "streamInBatch",
                "A batch cannot have a stream of events, because its responses are sent together; "
                    + $"send this request by itself, or with 'Accept: {MediaTypes.Json}'."
            );
            return;
        }

        if (_pageOptions.FirstOrDefault(o => options[o] is not null) is { } ofPages)
        {
            await http.WriteBadRequestAsync(
                "unsupportedQueryOption",
                $"The query option {ofPages} is for pages, and a stream has none; leave it out. "
                    + $"A stream takes {ODataQueryString.Filter}, {ODataQueryString.Search}, "
                    + $"{ODataQueryString.Select} and {ODataQueryString.DeltaToken}."
            );
            return;
        }

        var (url, others) = ($"{ServiceRoot.Of(http.Request)}{address.Path}/delta", options.ForNextPage);
        var token = http.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last
            ? last
            : options[ODataQueryString.DeltaToken] ?? DeltaTokens.Latest;
        DeltaCursor? from = null;
        if (token != DeltaTokens.Latest)
        {
            from = await DeltaTokens.ReadAsync(http, url, others, token);
            if (from is null)
            {
                return;
            }

            if (from.Scan is not null)
            {
                await http.WriteBadRequestAsync(
                    "invalidDeltaToken",
                    "The token is that of a page; follow @odata.nextLink until a page has @odata.deltaLink, "
                        + "and continue with the token of that link."
                );
                return;
            }
        }

        var stream = new EventStream(http.Response);
        if (HttpMethods.IsHead(http.Request.Method))
        {
            stream.SetHeaders();
            return;
        }

        var limit = http.RequestServices.GetRequiredService<StreamLimit>();
        using var lease = limit.Enter(http.Tenant());
        var shown = asked.Selection.Shown;
        var encoder = new Encoder(
            http.RequestServices.GetRequiredService<PageTokenProtector>(),
            http.Tenant(),
            others,
            asked.Selection
        );
        var query = new RunChangeQuery(
            http.Tenant(),
            others,
            asked.Criteria,
            new RunColumns(shown.Contains(RunPropertyTable.Statistics), shown.Contains(RunPropertyTable.BlockingError)),
            encoder
        );
        await http.DispatchAsync<IRunChangeSubscription>(
            new SubscribeToRunChangesQuery(query, from),
            async subscription =>
            {
                using (subscription)
                {
                    var id = from is null ? await encoder.TokenAsync(subscription.Start, http.RequestAborted) : token;
                    await StreamAsync(http, stream, subscription, EventStream.Encode(Ready, id), limit);
                }
            },
            error =>
            {
                if (error.Kind == ErrorKind.Expired)
                {
                    DeltaTokens.SetRestartLocation(http, url, others);
                }
            }
        );
    }

    private static async Task StreamAsync(
        HttpContext http,
        EventStream stream,
        IRunChangeSubscription subscription,
        ReadOnlyMemory<byte> ready,
        StreamLimit limit
    )
    {
        // From here on, the request only waits.
        Admission.Of(http)?.EndProcessing();
        var stopping = http.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        stream.SetHeaders();
        try
        {
            await SendAsync(Ready, ready);
            await FollowAsync(http, subscription, SendAsync, end.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await SayGoodbyeAsync(http, stream, limit);
        }
        catch (Exception exception)
            when (http.RequestServices.GetRequiredService<IDatabaseHealth>().Classify(exception) is not null)
        {
            // The caller continues with the id of the last event.
        }

        async Task SendAsync(string name, ReadOnlyMemory<byte> text)
        {
            await stream.WriteAsync(text, end.Token);
            limit.CountEvent(name);
        }
    }

    private static async Task FollowAsync(
        HttpContext http,
        IRunChangeSubscription subscription,
        Func<string, ReadOnlyMemory<byte>, Task> send,
        CancellationToken cancellationToken
    )
    {
        var clock = http.RequestServices.GetRequiredService<TimeProvider>();
        var (sent, check) = (clock.GetTimestamp(), clock.GetTimestamp());
        while (true)
        {
            var (toCheck, toPing) = (
                _checkInterval - clock.GetElapsedTime(check),
                _pingInterval - clock.GetElapsedTime(sent)
            );
            var wait = toCheck < toPing ? toCheck : toPing;
            var next = wait > TimeSpan.Zero ? await subscription.ReadAsync(wait, cancellationToken) : null;
            switch (next?.Kind)
            {
                case RunChangeEventKind.Gone:
                    await send(Gone, _gone);
                    return;
                case RunChangeEventKind.Changes or RunChangeEventKind.Count:
                    await send(next.Kind == RunChangeEventKind.Changes ? Changes : Many, next.Text);
                    sent = clock.GetTimestamp();
                    break;
            }

            if (clock.GetElapsedTime(check) >= _checkInterval)
            {
                if (!await Reauthentication.IsStillAllowedAsync(http))
                {
                    return;
                }

                check = clock.GetTimestamp();
            }

            if (clock.GetElapsedTime(sent) >= _pingInterval)
            {
                await send(Ping, _ping);
                sent = clock.GetTimestamp();
            }
        }
    }

    // The callers reconnect at different times, so that they do not all come at once.
    private static async Task SayGoodbyeAsync(HttpContext http, EventStream stream, StreamLimit limit)
    {
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        wait.CancelAfter(_maxFarewell);
        try
        {
            if (!stream.IsBroken)
            {
                var retry = TimeSpan.FromMilliseconds(1_000 + Random.Shared.Next(1_000));
                await stream.WriteAsync(EventStream.Encode(Bye, retry: retry), wait.Token);
                limit.CountEvent(Bye);
                return;
            }
        }
        catch (OperationCanceledException)
        {
            // The caller does not read.
        }

        http.Abort();
    }

    /// <summary>Encodes the events of a query. It refers to no request, because many requests share it.</summary>
    private sealed class Encoder(PageTokenProtector tokens, TenantId tenantId, string options, RunProjection selection)
        : IRunChangeEncoder
    {
        public ValueTask<string> TokenAsync(DeltaCursor place, CancellationToken cancellationToken) =>
            DeltaTokens.WriteAsync(tokens, tenantId, options, place, cancellationToken);

        public async ValueTask<ReadOnlyMemory<byte>> EncodeAsync(
            RunChangeBatch batch,
            CancellationToken cancellationToken
        )
        {
            var id = await TokenAsync(batch.Cursor, cancellationToken);
            return batch.Changes.Count > 0
                ? EventStream.Encode(Changes, id, json => RunJson.Write(json, batch.Changes, selection))
                : EventStream.Encode(
                    Many,
                    id,
                    json =>
                    {
                        json.WriteStartObject();
                        json.WriteNumber("count", batch.Count);
                        json.WriteEndObject();
                    }
                );
        }
    }
}
