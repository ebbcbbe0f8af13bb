namespace FlowForge.Ingest.Rejects;

/// <summary>A record that does not fit, with all that is needed to understand and to replay it.</summary>
/// <param name="File">Number of the file in the job's list.</param>
/// <param name="Record">Physical record number in the file from 1; null for a whole file.</param>
/// <param name="Offset">Byte offset of the record in the decoded file; null for a whole file.</param>
/// <param name="Reason">Stable code, see <see cref="RejectReasons"/>.</param>
/// <param name="Message">What is wrong, for people.</param>
/// <param name="Column">The column it is about, as the table names it.</param>
/// <param name="Raw">The record as it stands in the file.</param>
internal sealed record Reject(int File, long? Record, long? Offset, string Reason, string Message, string? Column, string? Raw);

/// <summary>Reason codes of rejects.</summary>
internal static class RejectReasons
{
    public const string MissingColumns = "MISSING_COLUMNS";
    public const string TooManyColumns = "TOO_MANY_COLUMNS";
    public const string BrokenQuotes = "BROKEN_QUOTES";
    public const string InvalidUtf8 = "INVALID_UTF8";
    public const string WrongType = "WRONG_TYPE";
    public const string MissingValue = "MISSING_VALUE";
    public const string InvalidJson = "INVALID_JSON";
    public const string NotAnObject = "NOT_AN_OBJECT";
    public const string CheckFailed = "CHECK_FAILED";
    public const string NotOneRecord = "NOT_ONE_RECORD";
    public const string LandedFileGone = "LANDED_FILE_GONE";
}
