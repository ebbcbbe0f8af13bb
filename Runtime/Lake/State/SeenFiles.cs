using System.Collections;

namespace FlowForge.Lake.State;

/// <summary>The files seen, read from their segments at the first look: most readers of a state only want its counts.</summary>
internal sealed class SeenFiles(int count, Func<IReadOnlyList<SeenFile>> read) : IReadOnlyList<SeenFile>
{
    private readonly Lazy<IReadOnlyList<SeenFile>> files = new(read);

    public int Count => count;

    public SeenFile this[int index] => files.Value[index];

    public IEnumerator<SeenFile> GetEnumerator() => files.Value.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
