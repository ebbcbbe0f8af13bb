namespace FlowForge.Workbench.Live;

/// <summary>The environment's bearer token, read from its file (configuration <c>FlowForge:TokenFile</c>) and again when the file changes. Thread-safe.</summary>
internal sealed class RuntimeToken(string path)
{
    private readonly Lock gate = new();
    private (DateTime Written, string? Text) known;

    /// <summary>Null while the file does not exist or is empty: nobody gets in.</summary>
    public string? Read()
    {
        lock (gate)
        {
            var written = File.GetLastWriteTimeUtc(path);
            if (known.Text is null || written != known.Written)
                known = (written, ReadFile());
            return known.Text;
        }
    }

    private string? ReadFile()
    {
        try
        {
            return File.ReadAllText(path).Trim() is { Length: > 0 } text ? text : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
