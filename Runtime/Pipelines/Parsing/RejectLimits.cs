using System.Globalization;

namespace FlowForge.Pipelines;

/// <summary>Reads max_rejects: a number of rows or a share of them.</summary>
internal static class RejectLimits
{
    /// <summary>As the JSON Schema has it too.</summary>
    public const string SharePattern = "^[0-9]+(\\.[0-9]+)?%$";

    public static RejectLimit? Read(SectionReader section)
    {
        if (section.Text("max_rejects") is not { } text)
        {
            return null;
        }
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var rows))
        {
            return new RejectLimit(rows, null);
        }
        if (text.EndsWith('%') && double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) && percent <= 100)
        {
            return new RejectLimit(null, percent / 100);
        }
        section.Add(DiagnosticCodes.InvalidRejectLimit, "max_rejects", $"'{text}' is no limit.", "Write a number of rows (100) or a share of them (2%).");
        return null;
    }
}
