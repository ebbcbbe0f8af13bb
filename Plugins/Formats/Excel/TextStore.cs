using System.Text;

namespace FlowForge.Plugins.Formats.Excel;

/// <summary>The texts that a workbook's cells share. Beyond some megabytes they lie in a temporary file, which goes with this.</summary>
internal sealed class TextStore(string folder) : IDisposable
{
    private const int MostTexts = 20_000_000;
    private const int MostInMemory = 32 << 20;
    private readonly List<long> _ends = [];
    private Stream _texts = new MemoryStream();

    public int Count => _ends.Count;

    public void Add(string text)
    {
        if (_ends.Count == MostTexts) throw new InvalidDataException($"it has more than {MostTexts} shared texts.");
        var bytes = Encoding.UTF8.GetBytes(text);
        if (_texts is MemoryStream && _texts.Length + bytes.Length > MostInMemory) Move();
        _texts.Write(bytes);
        _ends.Add(_texts.Length);
    }

    public string Get(int index)
    {
        if ((uint)index >= (uint)_ends.Count) throw new InvalidDataException($"A cell refers to text {index}, and there are {_ends.Count}.");
        var start = index == 0 ? 0 : _ends[index - 1];
        var bytes = new byte[_ends[index] - start];
        _texts.Position = start;
        _texts.ReadExactly(bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    private void Move()
    {
        Directory.CreateDirectory(folder);
        var file = new FileStream(Path.Combine(folder, $"texts-{Guid.NewGuid():n}"), new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose, BufferSize = 1 << 16 });
        _texts.Position = 0;
        _texts.CopyTo(file);
        _texts = file;
    }

    public void Dispose() => _texts.Dispose();
}
