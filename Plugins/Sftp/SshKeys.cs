using System.Diagnostics;
using System.Security.Cryptography;

namespace FlowForge.Plugins.Sftp;

/// <summary>What ssh is given in files, in a folder that only this user may enter: the server's key, our own key, the password. It goes with this.</summary>
internal sealed class SshKeys : IDisposable
{
    private const string Prefix = "flowforge-sftp-";
    private readonly string _folder;
    private readonly SftpSpec _spec;

    public SshKeys(SftpSpec spec)
    {
        _spec = spec;
        RemoveLeft();
        _folder = Directory.CreateTempSubdirectory($"{Prefix}{Environment.ProcessId}@{Environment.MachineName}@").FullName;
        try
        {
            if (!spec.PrivateKey.IsEmpty) KeyPath = Write("key", spec.PrivateKey.Reveal().Replace("\r\n", "\n", StringComparison.Ordinal).TrimEnd() + "\n", isProgram: false);
            var word = spec.PrivateKey.IsEmpty ? spec.Password : spec.Passphrase;
            if (word.IsEmpty) return;
            Write("word", word.Reveal() + "\n", isProgram: false);
            AskPath = Write("ask", $"#!/bin/sh\nexec cat '{System.IO.Path.Combine(_folder, "word")}'\n", isProgram: true);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Removes the folders of processes of this machine that were killed. Others' folders (of another user, of another container that shares the folder) are left alone.</summary>
    private static void RemoveLeft()
    {
        foreach (var folder in Directory.EnumerateDirectories(System.IO.Path.GetTempPath(), Prefix + "*@*@*"))
        {
            var parts = System.IO.Path.GetFileName(folder)[Prefix.Length..].Split('@');
            if (parts[1] != Environment.MachineName || !int.TryParse(parts[0], out var process) || IsAlive(process)) continue;
            try { Directory.Delete(folder, recursive: true); }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException) { /* Another process removes it, or it is another user's. */ }
        }
    }

    private static bool IsAlive(int process)
    {
        try
        {
            using var found = Process.GetProcessById(process);
            return true;
        }
        catch (ArgumentException) { return false; }
    }

    public string KnownHostsPath => System.IO.Path.Combine(_folder, "known_hosts");
    public string? KeyPath { get; }

    /// <summary>The program that ssh asks for the password or the passphrase.</summary>
    public string? AskPath { get; }

    /// <summary>Writes down the one key that the server may have. A fingerprint alone is no key: the server is asked for its keys, and the one that fits is taken.</summary>
    /// <exception cref="TerminalException">None of its keys is the expected one.</exception>
    public async Task PinAsync(CancellationToken cancellationToken)
    {
        if (File.Exists(KnownHostsPath)) return;
        var place = _spec.Port == 22 ? _spec.Host : $"[{_spec.Host}]:{_spec.Port}";
        var lines = _spec.HostKey.Where(k => !k.StartsWith("SHA256:", StringComparison.Ordinal)).Select(Line).ToList();
        var prints = _spec.HostKey.Where(k => k.StartsWith("SHA256:", StringComparison.Ordinal)).Select(k => k.TrimEnd('=')).ToHashSet(StringComparer.Ordinal);
        if (prints.Count > 0)
        {
            var offered = await ScanAsync(cancellationToken).ConfigureAwait(false);
            lines.AddRange(offered.Where(k => prints.Contains(Fingerprint(k))));
            if (lines.Count == 0)
                throw new TerminalException($"{_spec.Host} has another key than host_key says. Its keys are {string.Join(", ", offered.Select(k => $"{Fingerprint(k)} ({k.Split(' ')[0]})"))}.", "Ask the server's operator whether its key has changed. If so, correct host_key; if not, something stands between you and the server.");
        }
        Write("known_hosts", string.Concat(lines.Select(l => $"{place} {l}\n")), isProgram: false);
    }

    private static string Line(string key) => key.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var type, var text, ..] && !type.StartsWith('-') && Convert.TryFromBase64String(text, new byte[text.Length], out _)
        ? $"{type} {text}" : throw new TerminalException($"host_key \"{(key.Length > 40 ? key[..40] + "…" : key)}\" is neither a fingerprint (SHA256:…) nor a key (ssh-ed25519 AAAA…).", "Take it from ssh-keyscan HOST, or from ssh-keygen -lf.");

    /// <summary>As OpenSSH writes it.</summary>
    public static string Fingerprint(string key) => "SHA256:" + Convert.ToBase64String(SHA256.HashData(Convert.FromBase64String(key.Split(' ')[1]))).TrimEnd('=');

    private async Task<List<string>> ScanAsync(CancellationToken cancellationToken)
    {
        var start = SshProcess.Program("ssh-keyscan");
        foreach (var argument in new[] { "-T", ((int)Math.Max(1, _spec.Timeout.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture), "-p", _spec.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), "--", _spec.Host }) start.ArgumentList.Add(argument);
        using var process = SshProcess.Start(start);
        try
        {
            process.StandardInput.Close();
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            var output = await process.StandardOutput.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            var keys = output.Split('\n').Where(l => l.Length > 0 && l[0] != '#').Select(l => l.Split(' ', 2)[1].Trim()).ToList();
            return keys.Count > 0 ? keys : throw SshProcess.Failure(_spec, await errors.ConfigureAwait(false) is { Length: > 0 } said ? said : "it does not answer as an SSH server does");
        }
        finally
        {
            SshProcess.End(process);
        }
    }

    private string Write(string name, string content, bool isProgram)
    {
        var path = System.IO.Path.Combine(_folder, name);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | (isProgram ? UnixFileMode.UserExecute : 0);
        using (var file = new FileStream(path, options))
            file.Write(System.Text.Encoding.UTF8.GetBytes(content));
        return path;
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>The system's OpenSSH programs.</summary>
internal static class SshProcess
{
    public static ProcessStartInfo Program(string name) => new(name) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };

    public static Process Start(ProcessStartInfo start)
    {
        try { return Process.Start(start)!; }
        catch (System.ComponentModel.Win32Exception e) { throw new TerminalException($"The program {start.FileName} is not installed on the machine that runs FlowForge.", "Install OpenSSH's client (Debian: openssh-client).", e); }
    }

    public static void End(Process process)
    {
        try { if (!process.HasExited) process.Kill(entireProcessTree: true); }
        catch (InvalidOperationException) { /* It has ended meanwhile. */ }
    }

    /// <summary>What ssh's last words mean.</summary>
    public static Exception Failure(SftpSpec spec, string said)
    {
        var lines = said.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(l => !l.StartsWith("Warning:", StringComparison.Ordinal) && !l.StartsWith('@') && !l.StartsWith("debug", StringComparison.Ordinal)).ToList();
        var words = lines.Count == 0 ? "the connection ended" : lines[^1];
        var place = $"{spec.User}@{spec.Host}:{spec.Port}";
        if (said.Contains("Host key verification failed", StringComparison.Ordinal) || said.Contains("IDENTIFICATION HAS CHANGED", StringComparison.Ordinal))
            return new TerminalException($"{spec.Host} has another key than host_key says.", "Ask the server's operator whether its key has changed. If so, correct host_key; if not, something stands between you and the server.");
        if (said.Contains("Permission denied", StringComparison.Ordinal) || said.Contains("Too many authentication failures", StringComparison.Ordinal)) return new TerminalException($"{place} refuses the login: {words}", "Check user, and password or private_key.");
        if (said.Contains("invalid format", StringComparison.Ordinal) || said.Contains("error in libcrypto", StringComparison.Ordinal) || said.Contains("incorrect passphrase", StringComparison.Ordinal)) return new TerminalException("private_key is no key that ssh can read, or its passphrase is wrong.", "Store the whole text of the key file, with its first and last line.");
        if (said.Contains("Could not resolve", StringComparison.Ordinal)) return new TerminalException($"{spec.Host}: no host of that name is known.", "Check host.");
        if (said.Contains("subsystem request failed", StringComparison.Ordinal)) return new TerminalException($"{place} offers no SFTP.", "Ask its operator to switch it on.");
        return new TransientException($"{place}: {words}");
    }
}
