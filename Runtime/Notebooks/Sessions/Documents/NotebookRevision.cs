using System.Security.Cryptography;
using System.Text;

namespace FlowForge.Notebooks.Sessions.Documents;

/// <summary>
/// A short name for what people wrote in a notebook: cells, their order and text, all metadata. Outputs and execution counts do not count, so that running a cell
/// conflicts with no edit.
/// </summary>
public static class NotebookRevision
{
    public static string Of(NotebookDocument document)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(document.Metadata.ToJsonString());
        foreach (var cell in document.Cells)
        {
            Add(cell.Id);
            Add(cell.Json["cell_type"]?.ToString() ?? "");
            Add(cell.Json["metadata"]?.ToJsonString() ?? "{}");
            Add(cell.Source);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));

        void Add(string text)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(text));
            hash.AppendData([0]);
        }
    }
}
