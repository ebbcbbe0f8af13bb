namespace FlowForge.Pipelines;

/// <summary>Warns of fields that are written but not read.</summary>
internal static class Effects
{
    public static void Warn(SectionReader section, string field, bool isRead, string when)
    {
        if (!isRead && section.Has(field))
        {
            section.Diagnostics.Add(
                DiagnosticCodes.NoEffect, section.PlaceOf(field), section.PathOf(field), $"'{field}' has no effect: it is only read when {when}.", "Set that, or remove this.");
        }
    }
}
