using IndustryData.Infrastructure.Persistence;

namespace IndustryData.Infrastructure.IntegrationTests.Persistence;

/// <summary>A cancel request that the server does not answer does not prevent other sessions from ending.</summary>
public sealed class CancelRequestTests
{
    private static readonly TimeSpan _within = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_behind_a_stuck_one_are_given_up_and_never_sent()
    {
        using var cancels = new CancelRequests();
        using var answer = new ManualResetEventSlim();
        using var taken = new ManualResetEventSlim();
        var sent = 0;
        var stuck = cancels.SendAsync(
            () =>
            {
                taken.Set();
                answer.Wait(Cancellation);
            },
            CancellationToken.None
        );
        taken.Wait(_within, Cancellation).ShouldBeTrue();

        // The request is given up before the stuck thread is replaced.
        var next = cancels.SendAsync(() => Interlocked.Increment(ref sent), CancellationToken.None);
        await next.WaitAsync(_within, Cancellation);
        answer.Set();
        await stuck.WaitAsync(_within, Cancellation);
        await cancels.SendAsync(() => { }, CancellationToken.None).WaitAsync(_within, Cancellation);

        sent.ShouldBe(0);
    }

    [Fact]
    public async Task Stuck_thread_is_replaced()
    {
        using var cancels = new CancelRequests();
        using var answer = new ManualResetEventSlim();
        var stuck = cancels.SendAsync(() => answer.Wait(Cancellation), CancellationToken.None);
        try
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            end.CancelAfter(_within);
            for (var sent = 0; sent == 0; )
            {
                var next = cancels.SendAsync(() => Interlocked.Increment(ref sent), CancellationToken.None);
                await next.WaitAsync(end.Token);
            }

            stuck.IsCompleted.ShouldBeFalse("its connection may not be used while the request is under way");
        }
        finally
        {
            answer.Set();
        }

        await stuck.WaitAsync(_within, Cancellation);
    }

    [Fact]
    public async Task Nothing_is_sent_to_a_lost_database()
    {
        using var cancels = new CancelRequests();
        var sent = 0;

        var request = cancels.SendAsync(() => Interlocked.Increment(ref sent), new CancellationToken(canceled: true));
        await request.WaitAsync(_within, Cancellation);

        sent.ShouldBe(0);
    }
}
