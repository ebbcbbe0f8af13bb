using NpgsqlTypes;

namespace FlowForge.Plugins.Postgres.Changes;

/// <summary>How far the changes have been read: the end of a transaction in the WAL, and the slot that keeps what comes after it.</summary>
internal sealed record ChangeCursor(NpgsqlLogSequenceNumber Lsn, string Slot)
{
    public override string ToString() => $"{Lsn} {Slot}";

    public static ChangeCursor Parse(string text) =>
        text.Split(' ') is [var lsn, var slot] && NpgsqlLogSequenceNumber.TryParse(lsn, out var parsed)
            ? new ChangeCursor(parsed, slot)
            : throw new TerminalException($"\"{text}\" is no position in a change stream.", "Reset the job's watermark: the next run takes a new snapshot.");
}
