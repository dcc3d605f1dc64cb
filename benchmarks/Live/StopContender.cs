using System.Collections.ObjectModel;
using System.Diagnostics;
using IndustryData.Benchmarks.Comparing;
using IndustryData.Benchmarks.Measuring;

namespace IndustryData.Benchmarks.Live;

/// <summary>
/// The time from SIGTERM to the end of a process of the service that has open streams. There is one stop a turn.
/// </summary>
/// <param name="name">The name in the report.</param>
/// <param name="service">The service.</param>
/// <param name="streams">The number of streams.</param>
internal sealed class StopContender(string name, DeployedService service, int streams) : Contender(name)
{
    protected override async Task<Measurement> DriveAsync(
        double warmUpSeconds,
        double seconds,
        CancellationToken cancellationToken
    )
    {
        await using var program = await service.StartAloneAsync(
            ReadOnlyDictionary<string, string>.Empty,
            cancellationToken
        );
        await using var readers = await StreamReaders.OpenAsync(program, service.Token, streams, cancellationToken);
        var begin = Stopwatch.GetTimestamp();
        await program.StopAsync(cancellationToken);
        var took = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
        return new Measurement(double.NaN, took, double.NaN, double.NaN, new Usage(null, 0, 0, null));
    }
}
