using System.Text.Json;
using FlowForge.Api.Hosting;
using FlowForge.Api.Mapping;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Orchestration.Care;

namespace FlowForge.Api.Tables;

/// <summary>Does the work on tables, each piece with an engine of its own. Thread-safe.</summary>
internal sealed class CareWork(KnownTables tables, RuntimeSettings settings) : ICareWork
{
    private const string CareKey = "care";
    private static readonly TimeSpan TellEvery = TimeSpan.FromMilliseconds(500);

    public long? VersionOf(string table) => Table(table).Latest()?.Version;

    public string Do(TableCareRecord care, Action<CareProgress> progress, Action<string> found, CancellationToken ct)
    {
        try
        {
            return JsonSerializer.Serialize(care.Kind switch
            {
                TableCareKind.Optimize => Optimize(care, Read<OptimizeTable>(care), progress, ct),
                TableCareKind.Vacuum => Vacuum(care, Read<VacuumTable>(care), progress, found, ct),
                _ => (object)Alter(care, Read<AlterTable>(care), progress, ct),
            }, ContractsJson.Options);
        }
        catch (TableConflictException e)
        {
            throw new CareFailedException("FF4083", e.Message, "It is tried again by itself.", passing: true, e);
        }
        catch (LakeException e)
        {
            throw new CareFailedException("FF4089", e.Message, "The table stays as it is.", inner: e);
        }
        catch (LakeStorageException e)
        {
            throw new CareFailedException(e.Code, e.Message, e.IsTransient ? "It is tried again by itself." : null, e.IsTransient, e);
        }
        catch (DuckException e) when (e.Kind == DuckErrorKind.OutOfMemory)
        {
            throw new CareFailedException("FF4092", $"The work needs more memory than it may have: {e.Message}", "Raise Tables:MemoryBytes, sort by fewer columns, or partition the table.", inner: e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CareFailedException("FF4091", e.Message, "Look after the disk; it is tried again by itself.", passing: true, e);
        }
    }

    /// <summary>What a vacuum found, as the API tells it.</summary>
    internal static TableVacuumed Told(string table, VacuumResult done) => new(table, [.. done.Files.Take(TableCare.MostNamed)], done.Files.Count, done.Bytes);

    internal static VacuumOptions Options(VacuumTable body) => new() { Retention = body.RetentionHours is { } hours ? TimeSpan.FromHours(hours) : null };

    internal static string Words(TableChange change) => change.Kind switch
    {
        TableChangeKind.RenameColumn => $"rename {change.Name} to {change.To}",
        TableChangeKind.DropColumn => $"drop {change.Name}",
        TableChangeKind.MoveColumn => change.To is null ? $"move {change.Name} to the front" : $"move {change.Name} behind {change.To}",
        TableChangeKind.SetNotNull => $"{change.Name} not null",
        TableChangeKind.DropNotNull => $"{change.Name} may be null",
        TableChangeKind.AddConstraint => $"constraint {change.Name}: {change.To}",
        TableChangeKind.DropConstraint => $"drop constraint {change.Name}",
        TableChangeKind.SetAppendOnly => "append only",
        _ => "no longer append only",
    };

    private LakeTable Table(string table) => tables[TableName.Parse(table)];

    private TableOptimized Optimize(TableCareRecord care, OptimizeTable body, Action<CareProgress> progress, CancellationToken ct)
    {
        var (table, defaults) = (Table(care.Table), new OptimizeOptions());
        // The attempt before was killed between its commit and its word about it.
        if (Committed(table, care) is { } earlier) return Result(earlier.Version, earlier.FilesRemoved, earlier.FilesAdded);
        using var database = Open();
        using var session = database.Connect();
        session.TrackProgress();
        var now = new OptimizeProgress();
        var gate = new Lock();
        using var timer = new Timer(_ => Tell(), null, TellEvery, TellEvery);
        var done = table.Optimize(session, new OptimizeOptions
        {
            SortBy = body.SortBy ?? [], TargetFileBytes = body.TargetFileBytes ?? defaults.TargetFileBytes, SmallFileBytes = body.SmallFileBytes ?? defaults.SmallFileBytes, Info = By(care),
            Progress = p =>
            {
                lock (gate) now = p;
                Tell();
            },
        }, ct);
        return Result(done?.Version, done?.FilesRemoved ?? 0, done?.FilesAdded ?? 0);

        TableOptimized Result(long? version, int removed, int added) => table.Latest() is { } latest ? new(care.Table, version, removed, added, latest.Files.Count, latest.Bytes) : new(care.Table, version, removed, added, 0, 0);

        void Tell()
        {
            try
            {
                lock (gate)
                {
                    if (now.Total == 0) return;
                    progress(new CareProgress(body.SortBy is { Count: > 0 } ? "sorting" : "merging", now.Bytes + (long)(now.Writing * Math.Clamp(session.Progress, 0, 100) / 100), now.Total));
                }
            }
            catch (ObjectDisposedException)
            {
                // It ended between two ticks.
            }
        }
    }

    private TableVacuumed Vacuum(TableCareRecord care, VacuumTable body, Action<CareProgress> progress, Action<string> found, CancellationToken ct)
    {
        var (total, told) = (0, Environment.TickCount64);
        progress(new CareProgress("looking for files", 0, 0));
        var done = Table(care.Table).Vacuum(Options(body) with
        {
            AsOf = care.CreatedAt,
            Found = result =>
            {
                total = result.Files.Count;
                found(JsonSerializer.Serialize(Told(care.Table, result), ContractsJson.Options));
            },
            Removed = count =>
            {
                if (count < total && Environment.TickCount64 - told < TellEvery.TotalMilliseconds) return;
                told = Environment.TickCount64;
                progress(new CareProgress("removing", count, total));
            },
        }, ct);
        // What an attempt before had found, and partly removed, is what this work has removed.
        return care.Result is { } first ? JsonSerializer.Deserialize<TableVacuumed>(first, ContractsJson.Options)! : Told(care.Table, done);
    }

    private TableAltered Alter(TableCareRecord care, AlterTable body, Action<CareProgress> progress, CancellationToken ct)
    {
        var table = Table(care.Table);
        if (Committed(table, care) is { } earlier) return new TableAltered(care.Table, earlier.Version);
        progress(new CareProgress("checking rows", 0, 0));
        using var database = Open();
        using var session = database.Connect();
        return new TableAltered(care.Table, table.Alter(session, [.. body.Changes.Select(Change)], body.AllowUpgrade, By(care), ct));
    }

    private static TableVersion? Committed(LakeTable table, TableCareRecord care)
    {
        if (care.Attempts < 2 || care.BaseVersion is not { } start || table.Latest() is not { } latest || latest.Version <= start) return null;
        return table.History((int)Math.Min(int.MaxValue, latest.Version - start)).FirstOrDefault(v => v.Info.GetValueOrDefault(CareKey) == care.CareId);
    }

    private static Dictionary<string, string> By(TableCareRecord care) => new() { ["by"] = care.By, [CareKey] = care.CareId };

    private static TableAlteration Change(TableChange change) => change.Kind switch
    {
        TableChangeKind.RenameColumn => new TableAlteration.RenameColumn(change.Name!, change.To!),
        TableChangeKind.DropColumn => new TableAlteration.DropColumn(change.Name!),
        TableChangeKind.MoveColumn => new TableAlteration.MoveColumn(change.Name!, change.To),
        TableChangeKind.SetNotNull => new TableAlteration.SetNotNull(change.Name!),
        TableChangeKind.DropNotNull => new TableAlteration.SetNotNull(change.Name!, false),
        TableChangeKind.AddConstraint => new TableAlteration.AddConstraint(change.Name!, change.To!),
        TableChangeKind.DropConstraint => new TableAlteration.DropConstraint(change.Name!),
        TableChangeKind.SetAppendOnly => new TableAlteration.SetAppendOnly(),
        _ => new TableAlteration.SetAppendOnly(false),
    };

    private static T Read<T>(TableCareRecord care) => JsonSerializer.Deserialize<T>(care.Request, ContractsJson.Options) ?? throw new LakeException($"The request of {care.CareId} cannot be read.");

    // Constraints are texts of people: they reach the lake only.
    private DuckDatabase Open()
    {
        var database = DuckDatabase.Open(new DuckOptions { MemoryLimitBytes = settings.ReadMemoryBytes, Threads = Math.Max(1, Environment.ProcessorCount), TempDirectory = settings.SpillFolder });
        try
        {
            using var session = database.Connect();
            session.Confine([settings.LakeFolder]);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }
}
