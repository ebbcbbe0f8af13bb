using FlowForge.Duck;
using FlowForge.Lake;
using FlowForge.Orchestration.Runs;
using FlowForge.Pipelines;

namespace FlowForge.Orchestration.Tests;

/// <summary>SQL files of datasets: those of the pipeline's folder, wherever a name or a link leads.</summary>
public sealed class SqlFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ff-sqlfile-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("own.sql", null)]
    [InlineData("inner/own.sql", null)] // a link to a folder inside
    [InlineData("../secret.sql", "sql_file '../secret.sql' lies outside the pipeline's folder.")]
    [InlineData("link.sql", "sql_file 'link.sql' lies outside the pipeline's folder.")]
    [InlineData("outer/secret.sql", "sql_file 'outer/secret.sql' lies outside the pipeline's folder.")]
    public void Read_SqlFile_OnlyOfThePipelinesFolder(string file, string? problem)
    {
        var home = Directory.CreateDirectory(Path.Combine(_folder, "home")).FullName;
        File.WriteAllText(Path.Combine(_folder, "secret.sql"), "SELECT 'secret' AS s");
        Directory.CreateDirectory(Path.Combine(home, "real"));
        File.WriteAllText(Path.Combine(home, "own.sql"), "SELECT 1 AS n");
        File.WriteAllText(Path.Combine(home, "real", "own.sql"), "SELECT 1 AS n");
        File.CreateSymbolicLink(Path.Combine(home, "link.sql"), Path.Combine(_folder, "secret.sql"));
        Directory.CreateSymbolicLink(Path.Combine(home, "outer"), _folder);
        Directory.CreateSymbolicLink(Path.Combine(home, "inner"), Path.Combine(home, "real"));
        SqlReferenceReader sql = text => [.. SqlReferences.Tables(text).Select(t => new SqlReference(t.Schema, t.Table))];
        var reading = new PipelineReader(new LakeStore(Path.Combine(_folder, "lake")), sql, () => new PipelineEnvironment()).Read($"pipeline: p\ngold:\n  t: {{ sql_file: {file} }}\n", PipelineFormat.Yaml, home);
        Assert.Equal(problem is null ? [] : [$"FF1507 {problem}"], reading.Diagnostics.Select(d => $"{d.Code} {d.Message}"));
        Assert.Equal(problem is null ? "SELECT 1 AS n" : null, reading.Definition?.Datasets[0].Sql);
    }
}
