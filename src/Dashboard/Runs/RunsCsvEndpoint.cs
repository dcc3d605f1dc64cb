using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using IndustryData.Application.Runs;
using IndustryData.Dashboard.Parts;
using IndustryData.Dashboard.Shell;
using IndustryData.Domain;
using IndustryData.Domain.Runs;
using Mediator;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.Dashboard.Runs;

/// <summary>
/// The download <c>/ui/runs.csv</c>: the selected runs as CSV (RFC 4180) in UTF-8 with a byte order mark. The runs are
/// read in pages, so that the download holds no query open and needs little memory.
/// </summary>
internal static class RunsCsvEndpoint
{
    /// <summary>The maximum number of rows.</summary>
    public const int MaxRows = 1_000_000;

    private const int MaxNameLength = 100;

    private const string Header =
        "id,displayName,startDateTime,endDateTime,status,people,groups,memberships,organizations,errors,warnings,"
        + "blockingErrorCode,blockingErrorMessage\r\n";

    // A spreadsheet takes a cell that begins with one of these for a formula.
    private static readonly SearchValues<char> _formula = SearchValues.Create("=+-@\t\r");
    private static readonly SearchValues<char> _quoted = SearchValues.Create(",\"\r\n");

    // A download is the longest request of the pages. Each tenant has one at a time.
    private static readonly ConcurrentDictionary<Guid, bool> _running = new();

    public static async Task HandleAsync(HttpContext http)
    {
        var host = http.RequestServices.GetRequiredService<IDashboardHost>();
        var tenant = host.CallerOf(http).TenantId;
        var state = RunsEndpoint.ReadState(http.Request.Query);
        if (!host.Parse(tenant, state.Query).TryGetValue(out var query, out var error))
        {
            await Pages.RenderErrorAsync(http, StatusCodes.Status400BadRequest, error);
            return;
        }

        var name = FileName(state.Query);
        if (HttpMethods.IsHead(http.Request.Method))
        {
            SetHeaders(http, name);
            return;
        }

        if (!_running.TryAdd(tenant.Value, true))
        {
            http.Response.Headers.RetryAfter = "10";
            var busy = new Error(
                ErrorKind.RateLimited,
                "exportRunning",
                "Another download of your tenant is running. Wait until it has ended."
            );
            await Pages.RenderErrorAsync(http, StatusCodes.Status429TooManyRequests, busy);
            return;
        }

        try
        {
            await WriteAsync(http, tenant, query, name, isRaw: http.Request.Query["raw"] == "1");
        }
        finally
        {
            _running.TryRemove(tenant.Value, out _);
        }
    }

    /// <summary>Returns the name of the file: <c>runs</c>, and the letters and digits of filter and words.</summary>
    internal static string FileName(RunQueryText query)
    {
        var name = new StringBuilder("runs");
        foreach (var c in $" {query.Filter} {query.Search}")
        {
            if (name.Length >= MaxNameLength)
            {
                break;
            }

            if (char.IsAsciiLetterOrDigit(c))
            {
                name.Append(c);
            }
            else if (name[^1] != '-')
            {
                name.Append('-');
            }
        }

        return $"{name.ToString().TrimEnd('-')}.csv";
    }

    private static void SetHeaders(HttpContext http, string name)
    {
        http.Response.ContentType = "text/csv; charset=utf-8";
        http.Response.Headers.ContentDisposition = $"attachment; filename=\"{name}\"";
    }

    private static async Task WriteAsync(
        HttpContext http,
        TenantId tenant,
        ParsedRunQuery query,
        string name,
        bool isRaw
    )
    {
        var sender = http.RequestServices.GetRequiredService<ISender>();
        KeysetCursor? after = null;
        for (var written = 0; written < MaxRows; )
        {
            var list = new ListRunsQuery(tenant, query.Criteria, query.Order, RunPage.MaxSize, After: after)
            {
                WithStatistics = true,
            };
            var read = await RunRows.ReadAsync(sender.CreateStream(list, http.RequestAborted), http.RequestAborted);
            if (!read.TryGetValue(out var rows, out var error))
            {
                if (http.Response.HasStarted)
                {
                    // Without its end, the browser reports a failed download.
                    http.Abort();
                    return;
                }

                await Pages.RenderErrorAsync(http, StatusCodes.Status400BadRequest, error);
                return;
            }

            var text = new StringBuilder();
            foreach (var run in rows.Runs)
            {
                Append(text, run, isRaw);
            }

            if (!http.Response.HasStarted)
            {
                SetHeaders(http, name);
                await http.Response.WriteAsync("\uFEFF" + Header, http.RequestAborted);
            }

            Encode(text, http.Response.BodyWriter);
            await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
            if (!rows.HasNext)
            {
                return;
            }

            written += rows.Runs.Count;
            after = KeysetCursor.FromRun(rows.Runs[^1], query.Order);
        }
    }

    // Text of a page in one string would be a large object, whose memory the garbage collector keeps for long.
    private static void Encode(StringBuilder text, IBufferWriter<byte> writer)
    {
        // A chunk may end within a surrogate pair.
        var encoder = Encoding.UTF8.GetEncoder();
        foreach (var chunk in text.GetChunks())
        {
            encoder.Convert(chunk.Span, writer, flush: false, out _, out _);
        }
    }

    private static void Append(StringBuilder text, RunListItem run, bool isRaw)
    {
        var totals = StatisticsReader.ReadTotals(run.Statistics);
        string?[] cells =
        [
            run.Id.ToString(),
            Cell(run.DisplayName, isRaw),
            RunTime.Format(run.StartDateTime),
            run.EndDateTime is { } end ? RunTime.Format(end) : null,
            run.Status,
            Digits(totals.People),
            Digits(totals.Groups),
            Digits(totals.Memberships),
            Digits(totals.Organizations),
            Digits(totals.Errors),
            Digits(totals.Warnings),
            Cell(ErrorCode.Read(run.BlockingError), isRaw),
            Cell(ErrorCode.Read(run.BlockingError, "message"), isRaw),
        ];
        text.AppendJoin(',', cells).Append("\r\n");
    }

    private static string? Digits(long? number) => number?.ToString(CultureInfo.InvariantCulture);

    /// <summary>Returns a text as a cell.</summary>
    /// <param name="text">The text.</param>
    /// <param name="isRaw">False to write an apostrophe before what a spreadsheet would take for a formula.</param>
    internal static string? Cell(string? text, bool isRaw)
    {
        if (string.IsNullOrEmpty(text))
        {
            return text;
        }

        var safe = isRaw ? text : WithoutFormulas(text);
        return safe.AsSpan().ContainsAny(_quoted)
            ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
            : safe;
    }

    // In some languages, spreadsheets also take a semicolon for the end of a cell.
    private static string WithoutFormulas(string text)
    {
        var safe = new StringBuilder(text.Length + 1);
        var isStart = true;
        foreach (var c in text)
        {
            if (isStart && _formula.Contains(c))
            {
                safe.Append('\'');
            }

            safe.Append(c);
            isStart = c is ';' or '\t' or '\n';
        }

        return safe.ToString();
    }
}
