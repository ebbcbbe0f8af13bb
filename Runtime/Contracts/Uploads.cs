namespace FlowForge.Contracts;

/// <summary>Asks for a place for a file that is sent in pieces.</summary>
/// <param name="Name">Name of the file in the upload area, without folders.</param>
/// <param name="Size">Bytes of the whole file.</param>
/// <param name="Sha256">What the whole file must have, in hex; null checks nothing.</param>
/// <param name="Replace">Whether a file of that name is replaced.</param>
/// <param name="ModifiedAt">When the sender's file was last changed. Without a hash an interrupted upload goes on only when this is the same; with neither it begins anew.</param>
public sealed record StartUpload(string Name, long Size, string? Sha256 = null, bool Replace = false, DateTimeOffset? ModifiedAt = null);

/// <summary>A file that is on its way, or that has just arrived.</summary>
/// <param name="Offset">Bytes that are safe: the next piece begins there.</param>
/// <param name="Done">Whether the file lies in the upload area now.</param>
/// <param name="Path">What a job writes in <c>config.path</c>; null until it is done.</param>
/// <param name="Sha256">Of the whole file once it is done; before, what it must have.</param>
/// <param name="ModifiedAt">When the sender's file was last changed; null when it was not told.</param>
public sealed record UploadState(string Id, string Name, long Size, long Offset, DateTimeOffset StartedAt, bool Done = false, string? Path = null, string? Sha256 = null, DateTimeOffset? ModifiedAt = null);

/// <summary>A file of the upload area.</summary>
public sealed record UploadedFile(string Name, string Path, long Size, DateTimeOffset ModifiedAt);

/// <summary>What the upload area holds.</summary>
/// <param name="Unfinished">Files on their way; they end a week after their last piece.</param>
/// <param name="Bytes">Of all files, and what is promised to unfinished ones.</param>
public sealed record UploadArea(IReadOnlyList<UploadedFile> Files, IReadOnlyList<UploadState> Unfinished, long Bytes, long QuotaBytes, long LargestBytes);
