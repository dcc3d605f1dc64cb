using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace IndustryData.Benchmarks.LoadGeneration;

/// <summary>
/// Waits with epoll(7) until one of several sockets is readable, so that one thread can drive all of them.
/// </summary>
internal sealed partial class ReadySockets : IDisposable
{
    private const int Add = 1;
    private const uint Readable = 1;
    private const int Interrupted = 4;

    // struct epoll_event is packed only on x86-64. There, its data follows the events without padding.
    private static readonly int _data = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int _size = _data + 8;

    private readonly int _epoll = Check(CreateEpoll(0));
    private readonly byte[] _events;

    /// <param name="sockets">The sockets. Each is identified by its index in this list.</param>
    public ReadySockets(IReadOnlyList<Socket> sockets)
    {
        _events = new byte[_size * sockets.Count];
        for (var i = 0; i < sockets.Count; i++)
        {
            var interest = new byte[_size];
            MemoryMarshal.Write(interest, Readable);
            MemoryMarshal.Write(interest.AsSpan(_data), i);
            Check(ControlEpoll(_epoll, Add, (int)sockets[i].Handle, interest));
        }
    }

    /// <summary>Waits until a socket is readable.</summary>
    /// <param name="milliseconds">The time after which it no longer waits; -1 for no limit.</param>
    /// <returns>The number of readable sockets. <see cref="this[int]"/> returns their indexes.</returns>
    public int Wait(int milliseconds = -1)
    {
        var ready = WaitEpoll(_epoll, _events, _events.Length / _size, milliseconds);

        // The runtime interrupts threads with signals. In that case no socket is readable.
        return ready < 0 && Marshal.GetLastPInvokeError() == Interrupted ? 0 : Check(ready);
    }

    /// <summary>The index of a readable socket.</summary>
    public int this[int ready] => MemoryMarshal.Read<int>(_events.AsSpan((ready * _size) + _data));

    public void Dispose() => _ = Close(_epoll);

    private static int Check(int result) =>
        result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int CreateEpoll(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int ControlEpoll(int epoll, int operation, int socket, byte[] interest);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int WaitEpoll(int epoll, byte[] events, int most, int milliseconds);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);
}
