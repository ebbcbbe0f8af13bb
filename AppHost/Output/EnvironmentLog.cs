using System.Globalization;
using FlowForge.AppHost.Hosting;
using Spectre.Console;

namespace FlowForge.AppHost.Output;

/// <summary>
/// The merged log of all services: to a console from a level on, each service in its colour, and in full to <c>logs/environment.log</c>
/// of the data folder. Thread-safe. It never throws for a file or a console that cannot be written, a full disk for instance: lines are
/// lost then, and that is said once on the console; who listens to the services goes on.
/// </summary>
internal sealed class EnvironmentLog : IServiceLog, IDisposable
{
    private const string Self = "apphost";
    private static readonly string[] Colours = ["36", "35", "34", "32", "33"];

    private readonly Lock gate = new();
    private readonly TextWriter console;
    private readonly bool ansi;
    private readonly LineLevel from;
    private readonly string path;
    private readonly long largest;
    private readonly Dictionary<string, LineLevel> last = new(StringComparer.Ordinal);
    private readonly List<string> names = [];
    private StreamWriter? file;
    private bool isTroubled, isClosed;

    /// <param name="from">Lines of services below this level go to the file only.</param>
    /// <param name="largest">Bytes from which on the file becomes <c>environment.1.log</c>, in the place of the one before it, and a new one begins.</param>
    public EnvironmentLog(string folder, IAnsiConsole target, LineLevel from, long largest = 10_000_000)
    {
        Directory.CreateDirectory(folder);
        path = Path.Combine(folder, "environment.log");
        this.largest = largest;
        file = Open();
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
        {
            isClosed = true;
            file?.Dispose();
        }
    }

    private void Write(string service, LogLine line, bool show)
    {
        var time = line.Time ?? DateTime.UtcNow.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        var level = line.Level switch { LineLevel.Debug => "dbug", LineLevel.Info => "info", LineLevel.Warning => "warn", _ => "fail" };
        Keep($"{time} {service,-9} {level} {line.Text}");
        if (!show)
            return;
        if (!ansi)
        {
            Show($"{time} {service,-9} {level} {line.Text}");
            return;
        }
        var mark = line.Level switch { LineLevel.Debug => "2", LineLevel.Info => "0", LineLevel.Warning => "33", _ => "31" };
        Show($"\e[2m{time}\e[0m \e[{Colour(service)}m{service,-9}\e[0m \e[{mark}m{level} {line.Text}\e[0m");
    }

    private void Keep(string text)
    {
        // The last words of a service that is being stopped.
        if (isClosed)
            return;
        try
        {
            file ??= Open();
            if (file.BaseStream.Position > largest)
                RollOver();
            file.WriteLine(text);
            isTroubled = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!isTroubled)
                Show($"{path} cannot be written: {e.Message} Lines are missing there until it can be.");
            isTroubled = true;
        }
    }

    private void Show(string text)
    {
        try
        {
            console.WriteLine(text);
        }
        catch (IOException)
        {
            // Nobody sees it.
        }
    }

    private void RollOver()
    {
        file!.Dispose();
        file = null;
        try
        {
            File.Move(path, Path.Combine(Path.GetDirectoryName(path)!, "environment.1.log"), overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It grows on.
        }
        file = Open();
    }

    // Without a buffer below the writer's own: what could not be written is not tried again with each line, or when it is closed.
    private StreamWriter Open() => new(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0)) { AutoFlush = true };

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
