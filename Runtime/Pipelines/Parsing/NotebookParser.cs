namespace FlowForge.Pipelines;

/// <summary>Reads which notebook a job runs.</summary>
internal static class NotebookParser
{
    private static readonly string[] OwnSql = ["sql", "sql_file", "transform"];

    public static NotebookJobDefinition? Read(SectionReader section) => Use(section) is not { } notebook ? null : new NotebookJobDefinition
    {
        Name = section.Path["notebooks.".Length..],
        Notebook = notebook,
        Description = section.Text("description"),
        Pool = Names.Pool(section),
        Line = section.Place.Line,
    };

    /// <summary>The notebook that a section names; null when it names none.</summary>
    /// <param name="result">Of a dataset: the rows that it takes.</param>
    public static NotebookUse? Use(SectionReader section, string? result = null) => section.Text("notebook") is not { } path ? null : new NotebookUse
    {
        Path = path.Trim(),
        Result = result,
        Parameters = section.TextMap("parameters"),
    };

    /// <summary>A dataset is made in one way.</summary>
    public static void RefuseOthers(SectionReader section)
    {
        foreach (var field in OwnSql.Where(section.Has))
            section.Add(DiagnosticCodes.TwoMakers, field, $"The dataset has both notebook and {field}.", "Remove one of them.");
    }
}
