using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace IndustryData.WebApi.Security;

/// <summary>Reads the owner of a file from the operating system. .NET has no API for it.</summary>
[UnsupportedOSPlatform("windows")]
internal static class FileOwner
{
    // From linux/stat.h. The values are the same on every architecture.
    private const int AtEmptyPath = 0x1000;
    private const uint StatxUid = 0x8;
    private const int StatxLength = 256;
    private const int UidOffset = 20;

    /// <summary>Compares the owner of an open file with the account of this process.</summary>
    /// <returns>Returns true if the account of this process owns the file.</returns>
    public static bool IsThisAccount(SafeFileHandle file, UnixFileMode mode)
    {
        if (OperatingSystem.IsLinux())
        {
            var status = new byte[StatxLength];
            if (statx((int)file.DangerousGetHandle(), "", AtEmptyPath, StatxUid, status) != 0)
            {
                throw new IOException($"its owner cannot be read (error {Marshal.GetLastPInvokeError()})");
            }

            var owner = BitConverter.IsLittleEndian
                ? BinaryPrimitives.ReadUInt32LittleEndian(status.AsSpan(UidOffset))
                : BinaryPrimitives.ReadUInt32BigEndian(status.AsSpan(UidOffset));
            return owner == geteuid();
        }

        try
        {
            // Only the owner may set the mode, even to its present value. Root may do so too, because root may do
            // everything.
            File.SetUnixFileMode(file, mode);
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int statx(
        int directory,
        [MarshalAs(UnmanagedType.LPUTF8Str)] string path,
        int flags,
        uint mask,
        byte[] status
    );

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint geteuid();
}
