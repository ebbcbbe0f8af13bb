using FlowForge.Catalog;
using FlowForge.Duck;
using FlowForge.Lake.Files;

namespace FlowForge.Datasets;

/// <summary>A DuckDB instance for one job, with its limits and a spill folder that goes with it.</summary>
internal sealed class DatasetEngine : IDisposable
{
    private readonly DuckDatabase database;
    private readonly ScratchFolder spill;

    /// <param name="lakeRoot">The only place on the machine that the dataset's SQL may read and write, beside its own spill folder; null for none.</param>
    public DatasetEngine(DatasetOptions options, JobRequest request, string? lakeRoot)
    {
        spill = new ScratchFolder(options.SpillFolder);
        database = DuckDatabase.Open(new DuckOptions { MemoryLimitBytes = options.MemoryLimitBytes, Threads = options.Threads, TempDirectory = spill.Directory });
        Session = Connect(request);
        Session.Confine(lakeRoot is null ? [spill.Directory] : [lakeRoot, spill.Directory]);
    }

    /// <summary>Another session of the instance, with the run's variables; the caller disposes it.</summary>
    public DuckSession Connect(JobRequest request)
    {
        var session = database.Connect();
        session.Execute($"SET VARIABLE run_time = {SqlText.Literal((object)request.RunTime)}; SET VARIABLE run_id = {SqlText.Literal(request.RunId)}");
        foreach (var (name, value) in request.Parameters) session.Execute($"SET VARIABLE {SqlText.Identifier(name)} = {SqlText.Literal(value)}");
        if (request.Interval is { } interval)
            session.Execute($"SET VARIABLE interval_start = {SqlText.Literal((object)interval.Start)}; SET VARIABLE interval_end = {SqlText.Literal((object)interval.End)}");
        return session;
    }

    /// <summary>A folder that its SQL may read, gone with it.</summary>
    public string ScratchFolder => spill.Directory;

    public DuckSession Session { get; }

    public void Dispose()
    {
        Session.Dispose();
        database.Dispose();
        spill.Dispose();
    }
}
