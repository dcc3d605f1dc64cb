using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace IndustryData.WebApi.Security;

/// <summary>Asks the operating system who owns a file, which .NET does not tell.</summary>
[UnsupportedOSPlatform("windows")]
internal static class FileOwner
{
    // linux/stat.h, the same on every architecture.
    private const int AtEmptyPath = 0x1000;
    private const uint StatxUid = 0x8;
    private const int StatxLength = 256;
    private const int UidOffset = 20;

    /// <summary>Whether the account that this process runs as owns the open file.</summary>
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
            // Only the owner may set the mode, be it to what it is; and root, who may do anything.
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
