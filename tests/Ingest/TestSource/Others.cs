using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using FlowForge.Columnar;
using FlowForge.Plugins;

namespace FlowForge.TestSource;

public sealed record NoSpec;

public enum Color { Red, Green }

public sealed record Place(string City, double? Height);

public sealed record Thing(int Id, string? Name, decimal Price, DateTime When, DateTimeOffset Instant, DateOnly Day, TimeOnly Clock, Guid Uid, Color Color, bool? Flag, IReadOnlyList<int> Numbers, Place? Where, Dictionary<string, string> Labels);

/// <summary>Typed records; the scale of the prices grows.</summary>
[Connector("test_records")]
public sealed class Records(ConnectorContext<NoSpec> context) : IRecordSource<Thing>
{
    public async IAsyncEnumerable<Thing> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        context.Log.Information("records are read");
        await Task.Yield();
        for (var i = 0; i < 3; i++)
            yield return new Thing(i, i == 1 ? null : $"thing {i}", i switch { 0 => 1m, 1 => 1.25m, _ => 0.125m }, new DateTime(2024, 1, 2, 3, 4, 5).AddHours(i), new DateTimeOffset(2024, 1, 2, 3, 0, 0, TimeSpan.FromHours(2)), new DateOnly(2024, 1, i + 1),
                new TimeOnly(1, 2, 3), new Guid(i, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), (Color)(i % 2), i == 2 ? null : i == 1, [i, i + 1], i == 0 ? null : new Place("Ulm", i * 1.5), new() { ["k"] = $"v{i}" });
    }
}

/// <summary>Pages of JSON: each file of <c>pages/</c> is one, its name the cursor.</summary>
[Connector("test_pages")]
public sealed class Pages(ConnectorContext<NoSpec> context) : IPageSource
{
    public async IAsyncEnumerable<SourcePage> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(context.BaseDirectory, "pages")).Order(StringComparer.Ordinal))
        {
            var text = await File.ReadAllTextAsync(file, cancellationToken);
            // A file that lies about its count, for the check.
            var lies = text.StartsWith('#');
            if (lies) text = text[1..];
            yield return new SourcePage(Encoding.UTF8.GetBytes(text), text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length + (lies ? 1 : 0), Path.GetFileName(file));
        }
    }
}

/// <summary>A stream of changes: each line of <c>events.txt</c> is <c>op,id,value</c>; what was committed is acknowledged in <c>acks.txt</c>, which must exist.</summary>
[Connector("test_stream")]
public sealed class Events(ConnectorContext<NoSpec> context) : IBatchSource, IStream, IAfterCommit
{
    private static readonly Schema Columns = new([new Field("_ff_op", StringType.Default), new Field("id", Int64Type.Default), new Field("value", StringType.Default)]);

    public ValueTask<Schema> SchemaAsync(ReadRequest request, CancellationToken cancellationToken) => new(Columns);

    public async IAsyncEnumerable<SourceBatch> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await File.AppendAllTextAsync(Path.Combine(context.BaseDirectory, "reads.txt"), $"from {request.Cursor}\n", cancellationToken);
        var done = request.Cursor is { } cursor ? int.Parse(cursor, CultureInfo.InvariantCulture) : 0;
        var builder = new RecordBatchBuilder(Columns);
        foreach (var line in (await File.ReadAllLinesAsync(Path.Combine(context.BaseDirectory, "events.txt"), cancellationToken)).Skip(done))
        {
            var parts = line.Split(',');
            builder.AppendRow(parts[0], long.Parse(parts[1], CultureInfo.InvariantCulture), parts[2].Length == 0 ? null : parts[2]);
            done++;
            yield return new SourceBatch(builder.Build(), done.ToString(CultureInfo.InvariantCulture));
        }
    }

    public async Task CommittedAsync(IReadOnlyList<string> filePaths, string? cursor, CancellationToken cancellationToken)
    {
        var acks = Path.Combine(context.BaseDirectory, "acks.txt");
        if (!File.Exists(acks)) throw new IOException("The queue is away.");
        await File.AppendAllTextAsync(acks, cursor + "\n", cancellationToken);
    }
}

/// <summary>The files of <c>drop/</c>, each deleted once its rows are in the table. While <c>drop.closed</c> is there, it cannot delete; with <c>drop.kept</c> it does not, and with <c>drop.unmarked</c> it knows no times. While <c>drop.stuck</c> is there, it never ends after the first file.</summary>
[Connector("test_drop")]
public sealed class Drop(ConnectorContext<NoSpec> context) : IFileSource, IAfterCommit
{
    private string Folder => Path.Combine(context.BaseDirectory, "drop");

    public async IAsyncEnumerable<SourceFile> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        foreach (var file in new DirectoryInfo(Folder).GetFiles().OrderBy(f => f.Name, StringComparer.Ordinal))
            yield return new SourceFile { Path = file.Name, Size = file.Length, Modified = File.Exists(Path.Combine(context.BaseDirectory, "drop.unmarked")) ? null : file.LastWriteTimeUtc, OpenAsync = _ => new(File.OpenRead(file.FullName)) };
    }

    public async Task CommittedAsync(IReadOnlyList<string> filePaths, string? cursor, CancellationToken cancellationToken)
    {
        if (File.Exists(Path.Combine(context.BaseDirectory, "drop.closed"))) throw new IOException("The drop folder is closed.");
        if (File.Exists(Path.Combine(context.BaseDirectory, "drop.kept"))) return;
        foreach (var path in filePaths)
        {
            await File.AppendAllTextAsync(Path.Combine(context.BaseDirectory, "drop.told"), path + "\n", cancellationToken);
            File.Delete(Path.Combine(Folder, path));
            if (File.Exists(Path.Combine(context.BaseDirectory, "drop.stuck"))) await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }
}
