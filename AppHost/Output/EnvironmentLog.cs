using System.Globalization;
using FlowForge.AppHost.Hosting;
using Spectre.Console;

namespace FlowForge.AppHost.Output;

/// <summary>
/// The merged log of all services: to a console from a level on, each service in its colour, and in full to <c>logs/environment.log</c>
/// of the data folder. Thread-safe.
/// </summary>
internal sealed class EnvironmentLog : IServiceLog, IDisposable
{
    private const string Self = "apphost";
    private const long LargestFile = 10_000_000;

    private static readonly string[] Colours = ["36", "35", "34", "32", "33"];

    private readonly Lock gate = new();
    private readonly TextWriter console;
    private readonly bool ansi;
    private readonly LineLevel from;
    private readonly StreamWriter file;
    private readonly Dictionary<string, LineLevel> last = new(StringComparer.Ordinal);
    private readonly List<string> names = [];

    /// <param name="from">Lines of services below this level go to the file only.</param>
    public EnvironmentLog(string folder, IAnsiConsole target, LineLevel from)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, "environment.log");
        if (File.Exists(path) && new FileInfo(path).Length > LargestFile)
            File.Move(path, Path.Combine(folder, "environment.1.log"), overwrite: true);
        file = new StreamWriter(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        console = target.Profile.Out.Writer;
        ansi = target.Profile.Capabilities.Ansi;
        this.from = from;
    }

    public void Line(string service, string line)
    {
        if (line.Length == 0)
            return;
        lock (gate)
        {
            var parsed = LogLine.Parse(line);
            if (LogLine.Continues(line) && last.TryGetValue(service, out var level))
                parsed = parsed with { Level = level };
            last[service] = parsed.Level;
            Write(service, parsed, parsed.Level >= from);
        }
    }

    public void Notice(string message, bool warning = false)
    {
        lock (gate)
            Write(Self, new LogLine(null, warning ? LineLevel.Warning : LineLevel.Info, message), warning || from <= LineLevel.Info);
    }

    /// <summary>Writes to the console between log lines, never into one.</summary>
    public void Between(Action write)
    {
        lock (gate)
            write();
    }

    public void Dispose()
    {
        lock (gate)
            file.Dispose();
    }

    private void Write(string service, LogLine line, bool show)
    {
        var time = line.Time ?? DateTime.UtcNow.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        var level = line.Level switch { LineLevel.Debug => "dbug", LineLevel.Info => "info", LineLevel.Warning => "warn", _ => "fail" };
        try
        {
            file.WriteLine($"{time} {service,-9} {level} {line.Text}");
        }
        catch (ObjectDisposedException)
        {
            // The last words of a service that is being stopped.
        }
        if (!show)
            return;
        if (!ansi)
        {
            console.WriteLine($"{time} {service,-9} {level} {line.Text}");
            return;
        }
        var mark = line.Level switch { LineLevel.Debug => "2", LineLevel.Info => "0", LineLevel.Warning => "33", _ => "31" };
        console.WriteLine($"\e[2m{time}\e[0m \e[{Colour(service)}m{service,-9}\e[0m \e[{mark}m{level} {line.Text}\e[0m");
    }

    private string Colour(string service)
    {
        if (service == Self)
            return "1";
        var index = names.IndexOf(service);
        if (index < 0)
        {
            index = names.Count;
            names.Add(service);
        }
        return Colours[index % Colours.Length];
    }
}
