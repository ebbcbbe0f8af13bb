using System.Runtime.CompilerServices;

namespace FlowForge.Plugins.Files;

/// <summary>Puts files into folders of this machine: under another name first, which nobody reads, then by renaming.</summary>
internal sealed class FolderSink(string baseDirectory, Roots roots)
{
    private const string Unfinished = ".part";

    public async IAsyncEnumerable<SinkFile> FilesAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var real = Real(path);
        if (!path.EndsWith('/'))
        {
            if (new FileInfo(real) is { Exists: true } file) yield return new SinkFile(path, file.Length);
            else if (Directory.Exists(real)) throw new TerminalException($"{path} is a folder.", "Name a file.");
        }
        else if (Directory.Exists(real))
        {
            foreach (var file in new DirectoryInfo(real).EnumerateFiles().Where(f => !f.Name.StartsWith('.')).OrderBy(f => f.Name, StringComparer.Ordinal))
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return new SinkFile(path + file.Name, file.Length);
            }
        }
        else if (File.Exists(real.TrimEnd('/')))
        {
            throw new TerminalException($"{path.TrimEnd('/')} is a file.", "Name a folder.");
        }
        await Task.CompletedTask.ConfigureAwait(false);
    }

    public async Task<byte[]?> GetAsync(string path, CancellationToken cancellationToken)
    {
        try { return await File.ReadAllBytesAsync(Real(path), cancellationToken).ConfigureAwait(false); }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException) { return null; }
        catch (UnauthorizedAccessException e) { throw Refused(path, e); }
    }

    public async Task PutAsync(SinkFile file, Stream content, CancellationToken cancellationToken)
    {
        var real = Real(file.Path);
        // Always the same name, so that what a killed process left is overwritten by the next try.
        var unfinished = Path.Combine(Path.GetDirectoryName(real)!, $".{Path.GetFileName(real)}{Unfinished}");
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(real)!);
            await using (var target = new FileStream(unfinished, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0, PreallocationSize = file.Size }))
            {
                await content.CopyToAsync(target, 1 << 20, cancellationToken).ConfigureAwait(false);
                if (target.Length != file.Size) throw new IOException($"{file.Path} should have {file.Size} bytes and got {target.Length}.");
                target.Flush(flushToDisk: true);
            }
            File.Move(unfinished, real, overwrite: true);
        }
        catch (UnauthorizedAccessException e)
        {
            throw Refused(file.Path, e);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
    }

    public void Remove(string path)
    {
        try { File.Delete(Real(path)); }
        catch (DirectoryNotFoundException) { /* Then the file is not there either. */ }
        catch (UnauthorizedAccessException e) { throw Refused(path, e); }
    }

    /// <summary>Checked at every use: a folder may have become a link meanwhile.</summary>
    private string Real(string path)
    {
        var real = Roots.RealPath(Path.GetFullPath(path, baseDirectory));
        return roots.Contains(real)
            ? real
            : throw new TerminalException($"{path} lies outside the folders that may be written.", "Deliver into the pipeline's folder, or add the folder to the allowed roots of the runtime.");
    }

    private static TerminalException Refused(string path, Exception e) => new($"{path} may not be written by this user.", "Give the user that runs FlowForge the right to write there.", e);
}
