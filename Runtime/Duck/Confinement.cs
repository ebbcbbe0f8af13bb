namespace FlowForge.Duck;

/// <summary>Keeps the SQL that people write away from the machine's files.</summary>
public static class Confinement
{
    /// <summary>
    /// From here on the SQL of every session of the instance reads and writes only below these folders and these files, and reaches no network. It cannot be taken back.
    /// The instance's own folder for spilling stays usable.
    /// </summary>
    /// <param name="session">Any session of the instance.</param>
    /// <param name="folders">Absolute folders. The data folder is never one of them: it holds the keys of the secrets.</param>
    /// <param name="files">Absolute paths of single files beside these.</param>
    public static void Confine(this DuckSession session, IEnumerable<string> folders, IEnumerable<string>? files = null)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(folders);
        session.Execute($"SET allowed_directories = {SqlText.LiteralList(Known(folders))}; SET allowed_paths = {SqlText.LiteralList(Known(files ?? []))}; SET enable_external_access = false");
    }

    // A scan names a path with such characters as the pattern that means just itself.
    private static IEnumerable<string> Known(IEnumerable<string> paths) => paths.SelectMany(p => new[] { p, SqlText.GlobSafe(p) }).Distinct(StringComparer.Ordinal);
}
