using System.Text.Json;
using FlowForge.Lake.Schema;

namespace FlowForge.Lake.Log;

/// <summary>Names the rows of a file that no longer count. Compared by value; the bitmap itself lies inline or in a file.</summary>
/// <param name="StorageType"><c>u</c>: a file named by an encoded uuid; <c>p</c>: a file at an absolute path; <c>i</c>: inline.</param>
/// <param name="PathOrInline">As the storage type says.</param>
/// <param name="Offset">Where it begins in its file; null when inline.</param>
/// <param name="SizeInBytes">Bytes of the bitmap.</param>
/// <param name="Cardinality">Rows that it takes away.</param>
internal sealed record DeletionVector(string StorageType, string PathOrInline, int? Offset, int SizeInBytes, long Cardinality)
{
    private const int UuidLength = 20;

    /// <summary>Tells two vectors of one file apart.</summary>
    public string UniqueId => Offset is { } offset ? FormattableString.Invariant($"{StorageType}{PathOrInline}@{offset}") : StorageType + PathOrInline;

    /// <summary>The file that holds it, as the log would write a data file's path; null when inline.</summary>
    public string? FileUri => StorageType switch
    {
        "i" => null,
        "p" => PathOrInline,
        "u" when PathOrInline.Length >= UuidLength => RelativePath(),
        _ => throw new LakeException($"A deletion vector has the storage type '{StorageType}' and the path '{PathOrInline}'; known are u (encoded uuid), p (absolute path) and i (inline)."),
    };

    public static DeletionVector? Read(JsonElement parent)
    {
        if (!parent.TryGetProperty("deletionVector", out var e) || e.ValueKind != JsonValueKind.Object) return null;
        int? offset = e.TryGetProperty("offset", out var found) && found.ValueKind == JsonValueKind.Number ? found.GetInt32() : null;
        return new DeletionVector(e.GetProperty("storageType").GetString()!, e.GetProperty("pathOrInlineDv").GetString()!, offset, e.GetProperty("sizeInBytes").GetInt32(), e.GetProperty("cardinality").GetInt64());
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject("deletionVector");
        json.WriteString("storageType", StorageType);
        json.WriteString("pathOrInlineDv", PathOrInline);
        if (Offset is { } offset) json.WriteNumber("offset", offset);
        json.WriteNumber("sizeInBytes", SizeInBytes);
        json.WriteNumber("cardinality", Cardinality);
        json.WriteEndObject();
    }

    // The last 20 characters are the uuid, what stands before them a folder.
    private string RelativePath()
    {
        var uuid = new Guid(Z85.Decode(PathOrInline[^UuidLength..]), bigEndian: true);
        var folder = PathOrInline[..^UuidLength];
        return FilePaths.Encode($"{(folder.Length == 0 ? "" : folder + "/")}deletion_vector_{uuid:D}.bin");
    }
}
