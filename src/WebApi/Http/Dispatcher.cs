using IndustryData.Application.Common;
using IndustryData.Domain;
using Mediator;

namespace IndustryData.WebApi.Http;

/// <summary>
/// Sends a message through the pipeline to its handler, and writes the response or the error.
/// </summary>
internal static class Dispatcher
{
    /// <summary>Sends a query.</summary>
    /// <param name="http">The request.</param>
    /// <param name="query">The query.</param>
    /// <param name="respond">Writes the response.</param>
    /// <param name="prepareError">Completes the response to an error before it is written.</param>
    public static async Task DispatchAsync<T>(
        this HttpContext http,
        IQuery<Result<T>> query,
        Func<T, Task> respond,
        Action<Error>? prepareError = null
    )
        where T : notnull
    {
        var result = await http.Sender().Send(query, http.RequestAborted);
        if (result.Error is { } error)
        {
            prepareError?.Invoke(error);
        }

        await RespondAsync(http, result, respond);
    }

    /// <summary>Sends a command.</summary>
    /// <param name="http">The request.</param>
    /// <param name="command">The command.</param>
    /// <param name="respond">Writes the response.</param>
    public static async Task DispatchAsync<T>(this HttpContext http, ICommand<Result<T>> command, Func<T, Task> respond)
        where T : notnull => await RespondAsync(http, await http.Sender().Send(command, http.RequestAborted), respond);

    /// <summary>
    /// Sends a command that was read from a body. If the body could not be read completely, the command is not sent.
    /// The response then contains the errors of the body and the validation errors of the command.
    /// </summary>
    /// <param name="http">The request.</param>
    /// <param name="body">The body.</param>
    /// <param name="command">The command with what could be read.</param>
    /// <param name="respond">
    /// Writes the response. The type of its parameter must be written, because <typeparamref name="T"/> cannot be
    /// inferred from the constraint.
    /// </param>
    public static Task DispatchAsync<TCommand, T>(
        this HttpContext http,
        JsonRequestBody body,
        TCommand command,
        Func<T, Task> respond
    )
        where TCommand : ICommand<Result<T>>
        where T : notnull =>
        body.FindErrors(http, command) is { } error
            ? http.WriteErrorAsync(error)
            : http.DispatchAsync<T>(command, respond);

    /// <summary>Sends a query whose response is a stream.</summary>
    /// <param name="http">The request.</param>
    /// <param name="query">The query.</param>
    /// <param name="respond">Reads the rows, which follow the head, and writes the response.</param>
    /// <param name="prepareError">Completes the response to an error before it is written.</param>
    public static async Task DispatchAsync<THead, TRow>(
        this HttpContext http,
        IStreamQuery<StreamItem<THead, TRow>> query,
        Func<THead, IAsyncEnumerator<StreamItem<THead, TRow>>, Task> respond,
        Action<Error>? prepareError = null
    )
        where THead : notnull
        where TRow : notnull
    {
        await using var items = http.Sender()
            .CreateStream(query, http.RequestAborted)
            .GetAsyncEnumerator(http.RequestAborted);
        if ((await items.ReadHeadAsync()).TryGetValue(out var head, out var error))
        {
            await respond(head, items);
            return;
        }

        prepareError?.Invoke(error);
        await http.WriteErrorAsync(error);
    }

    private static Task RespondAsync<T>(HttpContext http, Result<T> result, Func<T, Task> respond)
        where T : notnull =>
        result.TryGetValue(out var value, out var error) ? respond(value) : http.WriteErrorAsync(error);

    private static ISender Sender(this HttpContext http) => http.RequestServices.GetRequiredService<ISender>();
}
