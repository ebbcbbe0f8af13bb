namespace FlowForge.Lake.Files;

/// <summary>A file that can be read from this machine's disk until it is given back.</summary>
/// <param name="path">Where it lies.</param>
/// <param name="owner">What goes when it is given back; null when the file is the original.</param>
public sealed class BorrowedFile(string path, IDisposable? owner = null) : IDisposable
{
    /// <summary>Where it lies.</summary>
    public string Path { get; } = path;

    /// <summary>Gives it back.</summary>
    public void Dispose() => owner?.Dispose();
}
