using System.Diagnostics;
using System.Globalization;
using IndustryData.WebApi.FunctionalTests.Hosting;

namespace IndustryData.WebApi.FunctionalTests.Fuzz;

/// <summary>
/// Verifies that no input produces a 500. The service answers requests that are valid by OData's ABNF and that it
/// supports. It refuses all others in Graph's error format, which reveals no internals.
/// <c>INDUSTRYDATA_FUZZ_SECONDS</c> sets the duration (10 s by default), <c>INDUSTRYDATA_FUZZ_SEED</c> repeats a test
/// run, and <c>INDUSTRYDATA_FUZZ_REQUEST</c> sends a single request, in the base64 that a failure printed.
/// </summary>
public sealed class FuzzTests(TestDatabase database, ITestOutputHelper output)
    : IAsyncLifetime,
        IClassFixture<TestDatabase>
{
    private const int Workers = 4;
    private const int MostTriesToShrink = 400;

    private RunningService _service = null!;

    public async ValueTask InitializeAsync()
    {
        await database.EmptyAsync();
        _service = await RunningService.StartAsync(database.ConnectionString, ("StartRateLimit:MaxStarts", "20"));
    }

    public async ValueTask DisposeAsync() => await _service.DisposeAsync();

    [Fact]
    public async Task No_input_whatever_produces_a_500()
    {
        var seed = Environment.GetEnvironmentVariable("INDUSTRYDATA_FUZZ_SEED") is { Length: > 0 } given
            ? int.Parse(given, CultureInfo.InvariantCulture)
            : Random.Shared.Next();
        var end =
            Stopwatch.GetTimestamp()
            + (long)(
                Stopwatch.Frequency
                * double.Parse(
                    Environment.GetEnvironmentVariable("INDUSTRYDATA_FUZZ_SECONDS") ?? "10",
                    CultureInfo.InvariantCulture
                )
            );
        Print($"INDUSTRYDATA_FUZZ_SEED={seed}");
        var workers = Enumerable
            .Range(0, Workers)
            .Select(number => new FuzzWorker(seed, number, _service.Root))
            .ToList();
        if (Environment.GetEnvironmentVariable("INDUSTRYDATA_FUZZ_REQUEST") is { Length: > 0 } request)
        {
            // The first response of a service takes longer than the timeout for requests that may be incomplete.
            await _service.Client.GetJsonAsync(new Uri(_service.Root, "process/runs"));
            var single = new FuzzRequest("", "") { Mutated = Convert.FromBase64String(request) };
            Print($"answered with {await CheckAsync(workers[0], single, seed)}");
            return;
        }

        var statuses = new int[1000];
        using var failed = new CancellationTokenSource();
        await Task.WhenAll(
            workers.Select(worker =>
                Task.Run(async () =>
                {
                    while (Stopwatch.GetTimestamp() < end && !failed.IsCancellationRequested)
                    {
                        try
                        {
                            Interlocked.Increment(ref statuses[await CheckAsync(worker, worker.Next(), seed)]);
                        }
                        catch
                        {
                            await failed.CancelAsync();
                            throw;
                        }
                    }
                })
            )
        );

        var counts = statuses
            .Index()
            .Where(s => s.Item > 0)
            .Select(s => $"{(s.Index == 0 ? "no response" : s.Index)} × {s.Item}");
        Print($"{workers.Sum(l => l.Count)} requests: {string.Join(", ", counts)}");
        foreach (var worker in workers)
        {
            await CheckWhatIsStoredAsync(worker);
        }
    }

    private static async Task<int> CheckAsync(FuzzWorker worker, FuzzRequest request, int seed)
    {
        var answers = await worker.SendAsync(request);
        if (FaultOf(request, answers) is { } fault)
        {
            var least = await ShrinkAsync(worker, request, fault);
            var shrunkAnswers = await worker.SendAsync(least);
            Assert.Fail(
                $"{fault}\nINDUSTRYDATA_FUZZ_SEED={seed}, request {worker.Count} of worker {worker.Number}:\n"
                    + $"{request.Verbatim}\n\nThe smallest request with the same fault: "
                    + $"INDUSTRYDATA_FUZZ_REQUEST={Convert.ToBase64String(least.Bytes)}\n{least.Verbatim}\n\n"
                    + $"Response:\n{string.Join('\n', shrunkAnswers.Select(a => $"{a.Status} {a.Text}"))}"
            );
        }

        worker.Learn(request, answers);
        return answers.Count == 0 ? 0 : answers[0].Status;
    }

    private static string? FaultOf(FuzzRequest request, IReadOnlyList<FuzzAnswer> answers) =>
        answers.Count == 0 && request.IsHttp && !request.EndsEarly
            ? "there is no response"
            : answers.Select(a => a.FaultOf(request)).FirstOrDefault(f => f is not null);

    /// <summary>Removes headers and parts of the request as long as the fault remains the same.</summary>
    private static async Task<FuzzRequest> ShrinkAsync(FuzzWorker worker, FuzzRequest request, string fault)
    {
        var tries = 0;
        for (var length = 4096; length > 0 && tries < MostTriesToShrink; )
        {
            var smaller = false;
            foreach (var candidate in Smaller(request, length))
            {
                if (++tries < MostTriesToShrink && FaultOf(candidate, await worker.SendAsync(candidate)) == fault)
                {
                    (request, smaller) = (candidate, true);
                    break;
                }
            }

            length = smaller ? length : length / 4;
        }

        return request;
    }

    private static IEnumerable<FuzzRequest> Smaller(FuzzRequest request, int length)
    {
        static IEnumerable<byte[]> Without(byte[] bytes, int length) =>
            Enumerable
                .Range(0, (bytes.Length + length - 1) / length)
                .Select(i => (byte[])[.. bytes[..(i * length)], .. bytes[Math.Min(bytes.Length, (i + 1) * length)..]]);

        return request.Mutated is { } mutated
            ? Without(mutated, length).Select(b => request with { Mutated = b })
            : request
                .Headers.Skip(3)
                .Select(h => request with { Headers = [.. request.Headers.Where(o => o != h)] })
                .Concat(Without(request.Body ?? [], length).Select(b => request with { Body = b }))
                .Concat(
                    Without(FuzzRequest.Latin(request.Target), length)
                        .Select(t => request with { Target = FuzzRequest.Latin(t) })
                        .Where(r => r.IsHttp)
                );
    }

    /// <summary>Verifies that exactly the acknowledged runs are stored, and that the counts match the list.</summary>
    private async Task CheckWhatIsStoredAsync(FuzzWorker worker)
    {
        using var client = _service.Authorized(worker.Token);
        var ids = new List<string>();
        Uri? next = new(_service.Root, "process/runs?$select=id&$top=1000&$count=true");
        long? counted = null;
        while (next is not null)
        {
            var page = await client.GetJsonAsync(next);
            counted ??= page.GetProperty("@odata.count").GetInt64();
            ids.AddRange(page.GetProperty("value").EnumerateArray().Select(r => r.Text("id")));
            next = page.TryGetProperty("@odata.nextLink", out var link) ? new Uri(link.GetString()!) : null;
        }

        worker.Stored.Except(ids).ShouldBeEmpty("acknowledged but not stored");
        ids.Count.ShouldBeLessThanOrEqualTo(worker.Stored.Count + worker.Unanswered, "stored but not acknowledged");
        ids.Distinct().Count().ShouldBe(ids.Count);
        counted.ShouldBe(ids.Count);
        (await client.GetStringAsync("process/runs/$count", TestContext.Current.CancellationToken)).ShouldBe(
            $"{ids.Count}"
        );
        (await database.ReadAsync<long>($"SELECT count(*) FROM runs WHERE tenant_id = '{worker.Tenant}'")).ShouldBe(
            ids.Count
        );
        Print(
            $"worker {worker.Number}: {worker.Count} requests, {ids.Count} runs left, "
                + $"{ids.Count - worker.Stored.Count} not acknowledged (at most {worker.Unanswered})"
        );
    }

    private void Print(string line) => output.WriteLine(line);
}
