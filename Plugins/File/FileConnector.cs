using System.Runtime.CompilerServices;

namespace FlowForge.Plugins.Files;

/// <summary>Hands over and takes files of this machine, confined to the allowed roots.</summary>
[Connector("file", Title = "Local files", Description = "Reads files from folders of this machine, by path or pattern, and delivers into them.", Aliases = ["file_local", "file_upload"], SendsRequests = false)]
public sealed class FileConnector(ConnectorContext<FileSpec> context) : IFileSource, ITestConnection, IDiscover, IWatch, IFileSink
{
    private const string UploadArea = "upload:";
    private readonly Roots _roots = new(context.AllowedRoots);

    private FolderSink Sink => new(context.BaseDirectory, _roots);

    public IAsyncEnumerable<SinkFile> FilesAsync(string path, CancellationToken cancellationToken) => Sink.FilesAsync(path, cancellationToken);

    public Task<byte[]?> GetAsync(string path, CancellationToken cancellationToken) => Sink.GetAsync(path, cancellationToken);

    public Task PutAsync(SinkFile file, Stream content, CancellationToken cancellationToken) => Sink.PutAsync(file, content, cancellationToken);

    public Task RemoveAsync(string path, CancellationToken cancellationToken)
    {
        Sink.Remove(path);
        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<SourceFile> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var pattern in context.Settings.Path)
            foreach (var path in Match(pattern).Order(StringComparer.Ordinal))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var name = NameOf(path);
                if (seen.Add(path) && !context.Settings.Exclude.Any(x => Glob.MatchesPathOrName(x, name))) yield return Describe(path, name);
            }
        if (seen.Count == 0 && context.Settings.MustExist)
            throw new TerminalException($"No file matches {string.Join(", ", context.Settings.Path)} in {context.BaseDirectory}.", "Check the pattern, or set must_exist: false.");
        await Task.CompletedTask.ConfigureAwait(false);
    }

    public async Task<string> TestAsync(CancellationToken cancellationToken)
    {
        long files = 0, bytes = 0;
        await foreach (var file in ListAsync(cancellationToken).ConfigureAwait(false)) (files, bytes) = (files + 1, bytes + file.Size!.Value);
        return $"{files} files, {bytes} bytes";
    }

    public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var file in ListAsync(cancellationToken).ConfigureAwait(false)) yield return new DiscoveredTable(file.Path) { Bytes = file.Size };
    }

    public IAsyncEnumerable<string> WatchAsync(CancellationToken cancellationToken)
    {
        var patterns = context.Settings.Path.Select(Absolute).ToArray();
        var folders = patterns.Select(p => Directory.Exists(p) ? (p, false) : Glob.IsPattern(p) && Glob.Parse(p) is var glob ? (glob.Folder, glob.Depth > 1) : (Path.GetDirectoryName(p)!, false)).Distinct().ToArray();
        foreach (var (folder, _) in folders) _roots.Check(folder);
        return FolderWatch.WatchAsync(folders, path => !Path.GetFileName(path).StartsWith('.') && !context.Settings.Exclude.Any(x => Glob.MatchesPathOrName(x, NameOf(path))), cancellationToken);
    }

    private IEnumerable<string> Match(string pattern)
    {
        var absolute = Absolute(pattern);
        if (File.Exists(absolute))
        {
            _roots.Check(absolute);
            return [absolute];
        }
        if (Directory.Exists(absolute)) return FolderWalk.Files(Glob.FilesIn(absolute.TrimEnd('/')), _roots);
        if (Glob.IsPattern(absolute)) return FolderWalk.Files(Glob.Parse(absolute), _roots);
        _roots.Check(absolute);
        throw new TerminalException($"{pattern} does not exist in {context.BaseDirectory}.", "Correct the path, or use a pattern when the file may be absent.");
    }

    /// <summary>Below the pipeline's folder; with <c>upload:</c> in the upload area, the folder <c>uploads</c> of the workspace, which a file in it marks among the allowed roots.</summary>
    private string Absolute(string pattern)
    {
        if (!pattern.StartsWith(UploadArea, StringComparison.Ordinal)) return Path.GetFullPath(pattern, context.BaseDirectory).Replace('\\', '/');
        var folder = context.AllowedRoots.Where(r => File.Exists(Path.Combine(r, ".flowforge-workspace"))).Select(r => Path.Combine(r, "uploads")).FirstOrDefault(Directory.Exists)
            ?? throw new TerminalException($"{pattern}: nothing was uploaded yet.", "Drop a file on the page Sources, Uploads, or send it with flowforge upload.");
        var absolute = Path.GetFullPath(pattern[UploadArea.Length..], folder).Replace('\\', '/');
        return absolute.StartsWith(folder.Replace('\\', '/') + "/", StringComparison.Ordinal) ? absolute : throw new TerminalException($"{pattern} leads out of the upload area.", "Name a file of the upload area, e.g. upload:orders.csv");
    }

    private SourceFile Describe(string path, string name)
    {
        var facts = new FileInfo(Roots.RealPath(path));
        return new SourceFile
        {
            Path = name,
            Size = facts.Length,
            Modified = facts.LastWriteTimeUtc,
            LocalPath = facts.FullName,
            // Checked again: the file may have become a link since it was listed.
            OpenAsync = _ => ValueTask.FromResult<Stream>(Open(path)),
        };
    }

    private FileStream Open(string path)
    {
        var real = _roots.Check(path);
        try { return new FileStream(real, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0, Options = FileOptions.SequentialScan }); }
        catch (UnauthorizedAccessException e) { throw new TerminalException($"{path} may not be read by this user.", "Give the user that runs FlowForge the right to read it.", e); }
        catch (FileNotFoundException e) { throw new TransientException($"{path} was there when the files were listed and is gone now.", inner: e); }
    }

    /// <summary>Relative to the pipeline's folder when below it, so that a moved workspace knows its files again.</summary>
    private string NameOf(string path)
    {
        var relative = Path.GetRelativePath(context.BaseDirectory, path).Replace('\\', '/');
        return relative.StartsWith("../", StringComparison.Ordinal) || Path.IsPathRooted(relative) ? path : relative;
    }
}
