using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FlowForge.Ingest.Formats.Csv;

/// <summary>
/// Counts CSV records from quotes and line breaks alone. Stretches without quotes, which is most of most files, are counted with
/// vectors; only quotes are looked at one by one.
/// </summary>
internal sealed class CsvSplitter(CsvDialect dialect, int longestRecord) : IRecordSplitter
{
    private readonly byte _lineEnd = dialect.LineEnd;

    public SplitResult Split(ReadOnlySpan<byte> bytes, bool atEnd)
    {
        int start = 0, position = 0, records = 0, quote = -1;
        while (position < bytes.Length)
        {
            if (dialect.Comment != 0 && position == start && bytes[position] == dialect.Comment)
            {
                var lineEnd = bytes[position..].IndexOf(_lineEnd);
                if (lineEnd < 0 && !atEnd) break;
                start = position = lineEnd < 0 ? bytes.Length : position + lineEnd + 1;
                continue;
            }
            if (quote < position) quote = NextQuote(bytes, position);
            // Up to the quote there are only plain line ends; with comments every line must be looked at.
            var end = dialect.Comment != 0 && bytes[position..quote].IndexOf(_lineEnd) is >= 0 and var first ? position + first + 1 : quote;
            var last = bytes[position..end].LastIndexOf(_lineEnd);
            if (last >= 0)
            {
                records += CountLines(bytes, start, position, position + last + 1);
                start = position + last + 1;
            }
            position = end;
            if (position != quote || position == bytes.Length) continue;
            if (!StartsField(bytes, start, position))
            {
                position++;
                continue;
            }
            var close = CloseOf(bytes, position, atEnd);
            if (close == Open && !atEnd && bytes.Length - start <= longestRecord) break;
            if (close >= 0 && close - start <= longestRecord)
            {
                position = close;
                continue;
            }
            // The damaged record ends with its first line.
            var firstEnd = bytes[start..].IndexOf(_lineEnd);
            if (firstEnd < 0 && !atEnd) break;
            start = position = firstEnd < 0 ? bytes.Length : start + firstEnd + 1;
            quote = -1;
            records++;
        }
        if (!atEnd) return new SplitResult(start, records);
        if (!IsEmptyRest(bytes[start..])) records++;
        return new SplitResult(bytes.Length, records);
    }

    private int NextQuote(ReadOnlySpan<byte> bytes, int from)
    {
        var next = dialect.Quote == 0 ? -1 : bytes[from..].IndexOf(dialect.Quote);
        return next < 0 ? bytes.Length : from + next;
    }

    private const int Open = -1, Broken = -2;

    private bool StartsField(ReadOnlySpan<byte> bytes, int start, int at) => at == start || bytes[start..at].EndsWith(dialect.Delimiter);

    /// <summary>Position after the closing quote, or why there is none.</summary>
    private int CloseOf(ReadOnlySpan<byte> bytes, int quote, bool atEnd)
    {
        var i = quote + 1;
        while (true)
        {
            var next = dialect.Escape == dialect.Quote ? bytes[i..].IndexOf(dialect.Quote) : bytes[i..].IndexOfAny(dialect.Quote, dialect.Escape);
            if (next < 0) return Open;
            i += next;
            if (i + 1 == bytes.Length) return atEnd && bytes[i] == dialect.Quote ? i + 1 : Open;
            if (bytes[i] == dialect.Escape && (dialect.Escape != dialect.Quote || bytes[i + 1] == dialect.Quote))
            {
                i += 2;
                continue;
            }
            i++;
            // What follows may be a delimiter or CRLF that is cut off here.
            if (!atEnd && bytes.Length - i < Math.Max(2, dialect.Delimiter.Length)) return Open;
            return dialect.EndsField(bytes, i) ? i : Broken;
        }
    }

    /// <summary>Records that end in [from, to), where line ends are plain; the first of them starts at <paramref name="start"/>.</summary>
    private int CountLines(ReadOnlySpan<byte> bytes, int start, int from, int to)
    {
        if (dialect.SingleColumn) return bytes[from..to].Count(_lineEnd);
        // The first line may begin before `from` (behind a quoted field): then it is not empty, whatever stands before the break.
        var first = from + bytes[from..to].IndexOf(_lineEnd);
        var count = IsEmptyRest(bytes[start..first]) ? 0 : 1;
        return count + CountFilledLines(bytes[first..to]);
    }

    private bool IsEmptyRest(ReadOnlySpan<byte> line) => line.Length == 0 || (!dialect.CarriageReturnEnds && line is [(byte)'\r']);

    /// <summary>Line ends after the first byte (itself one) that close a line with something in it.</summary>
    private int CountFilledLines(ReadOnlySpan<byte> bytes)
    {
        var count = 0;
        var i = 1;
        ref var first = ref MemoryMarshal.GetReference(bytes);
        if (Vector256.IsHardwareAccelerated && bytes.Length >= 64)
        {
            var end = Vector256.Create(_lineEnd);
            var carriage = Vector256.Create(dialect.CarriageReturnEnds ? _lineEnd : (byte)'\r');
            count += ScalarCount(bytes, i, 2);
            for (i = 2; i + 32 <= bytes.Length; i += 32)
            {
                var here = Vector256.Equals(Vector256.LoadUnsafe(ref first, (nuint)i), end);
                if (here == Vector256<byte>.Zero) continue;
                var before = Vector256.LoadUnsafe(ref first, (nuint)(i - 1));
                var empty = Vector256.Equals(before, end) | (Vector256.Equals(before, carriage) & Vector256.Equals(Vector256.LoadUnsafe(ref first, (nuint)(i - 2)), end));
                count += BitOperations.PopCount(Vector256.AndNot(here, empty).ExtractMostSignificantBits());
            }
        }
        return count + ScalarCount(bytes, i, bytes.Length);
    }

    private int ScalarCount(ReadOnlySpan<byte> bytes, int from, int to)
    {
        var count = 0;
        for (var i = from; i < to; i++)
            if (bytes[i] == _lineEnd && bytes[i - 1] != _lineEnd && !(i >= 2 && !dialect.CarriageReturnEnds && bytes[i - 1] == '\r' && bytes[i - 2] == _lineEnd)) count++;
        return count;
    }
}
