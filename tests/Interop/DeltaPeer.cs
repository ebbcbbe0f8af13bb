using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using FlowForge.Interop.Tests;
using FlowForge.Lake.Tests;
using FlowForge.Plugins.Tests.Servers;

[assembly: AssemblyFixture(typeof(DeltaPeer))]
[assembly: AssemblyFixture(typeof(CephServer))]

namespace FlowForge.Interop.Tests;

/// <summary>What a query gave: names and types of the columns as ClickHouse calls them, and a JSON array a row. Texts hold one character a byte.</summary>
public sealed record PeerAnswer(IReadOnlyList<string> Names, IReadOnlyList<string> Types, IReadOnlyList<JsonElement> Rows);

/// <summary>A query that the other program refused; the message is its own.</summary>
public sealed class PeerException(string message) : Exception(message);

/// <summary>
/// Another program that reads and writes Delta tables: ClickHouse with delta-kernel-rs, in a Node process of its own that answers queries one after another; one a test program. It
/// shares no code with FlowForge, nor with DuckDB.
/// </summary>
public sealed class DeltaPeer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"flowforge-interop-{Guid.NewGuid():n}");
    private readonly Lock _gate = new();
    private readonly StringBuilder _errors = new();
    private Process? _process;
    private int _asked;

    /// <summary>Where npm puts it; only there on Linux on x64.</summary>
    public static string Folder { get; } = Path.Combine(Repository(), "tests", "Interop", "js");

    public DeltaPeer Ready()
    {
        var library = Path.Combine(Folder, "node_modules", "@chdb", "lib-linux-x64-gnu", "libchdb.so");
        if (!File.Exists(library))
        {
            var message = $"ClickHouse's library is not there ({library}): npm installs it in {Folder} on Linux on x64 alone.";
            if (Environment.GetEnvironmentVariable("CI") == "true" && OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64) Assert.Fail("On CI this must not be skipped: " + message);
            Assert.Skip(message);
        }
        lock (_gate)
        {
            if (_process is null) Start();
        }
        return this;
    }

    /// <summary>Runs a statement. <paramref name="settings"/> go behind it.</summary>
    public PeerAnswer Ask(string sql, params string[] settings)
    {
        if (settings.Length > 0) sql += " SETTINGS " + string.Join(", ", settings);
        lock (_gate)
        {
            var id = ++_asked;
            _process!.StandardInput.WriteLine(JsonSerializer.Serialize(new { id, sql }));
            _process.StandardInput.Flush();
            using var answer = JsonDocument.Parse(Line());
            Assert.Equal(id, answer.RootElement.GetProperty("id").GetInt32());
            if (answer.RootElement.TryGetProperty("error", out var error)) throw new PeerException(error.GetString()!);
            return Parse(answer.RootElement.GetProperty("body").GetBytesFromBase64());
        }
    }

    /// <summary>Asks several things with nobody else's in between: its counters are the process's.</summary>
    public T Alone<T>(Func<T> questions)
    {
        lock (_gate) return questions();
    }

    /// <summary>The first value of the first row, as text.</summary>
    public string Value(string sql, params string[] settings) => Ask(sql, settings).Rows[0][0].ToString();

    public void Dispose()
    {
        if (_process is not null)
        {
            // It ends at the end of its input.
            _process.StandardInput.Close();
            if (!_process.WaitForExit(TimeSpan.FromSeconds(20))) _process.Kill(entireProcessTree: true);
            _process.Dispose();
        }
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    private void Start()
    {
        Directory.CreateDirectory(_folder);
        _process = ServerProcess.Start("node", [Path.Combine(Folder, "peer.mjs"), _folder]);
        _process.ErrorDataReceived += (_, e) => { if (e.Data is not null) lock (_errors) _errors.AppendLine(e.Data); };
        _process.BeginErrorReadLine();
        Assert.Equal("ready", Line());
    }

    private string Line()
    {
        if (_process!.StandardOutput.ReadLineAsync().WaitAsync(Patience).GetAwaiter().GetResult() is { } line) return line;
        _process.WaitForExit(TimeSpan.FromSeconds(10));
        lock (_errors) throw new InvalidOperationException($"ClickHouse's process ended: {_errors}");
    }

    private static PeerAnswer Parse(byte[] body)
    {
        // One character a byte: binary columns come as they are, and the JSON around them is ASCII.
        var lines = Encoding.Latin1.GetString(body).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length == 0) return new PeerAnswer([], [], []);
        var parsed = lines.Select(l => JsonDocument.Parse(l).RootElement).ToList();
        return new PeerAnswer([.. parsed[0].EnumerateArray().Select(Text)], [.. parsed[1].EnumerateArray().Select(Text)], parsed[2..]);

        static string Text(JsonElement e) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(e.GetString()!));
    }

    private static string Repository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "FlowForge.sln"))) return folder.FullName;
        throw new DirectoryNotFoundException("FlowForge.sln was not found above " + AppContext.BaseDirectory);
    }
}
