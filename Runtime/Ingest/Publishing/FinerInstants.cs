using FlowForge.Columnar;

namespace FlowForge.Ingest.Publishing;

/// <summary>
/// Says once for each column that its instants (times with a zone) lose what is finer than a microsecond: neither the engine nor a Delta table has a type for them. Times without a
/// zone are not cut: a column with finer ones is text.
/// </summary>
/// <param name="warn">Takes the words.</param>
internal sealed class FinerInstants(Action<string> warn)
{
    private readonly HashSet<string> _said = new(StringComparer.Ordinal);

    /// <param name="column">By its name at the source; dots lead into nested values.</param>
    public void Say(string column)
    {
        if (_said.Add(column))
            warn($"Column {column} has instants in nanoseconds: the table keeps microseconds, and what is finer is cut off. Where it counts, let the source give them as texts or as whole numbers of nanoseconds.");
    }

    /// <summary>Looks through the columns of a source of rows.</summary>
    public void Look(Schema schema)
    {
        foreach (var field in schema.FieldsList) Look(field, field.Name);
    }

    private void Look(Field field, string name)
    {
        if (field.DataType is TimestampType { Unit: TimeUnit.Nanosecond, Timezone: not null }) Say(name);
        if (field.DataType is not NestedType nested) return;
        foreach (var inner in nested.Fields) Look(inner, field.DataType is StructType ? $"{name}.{inner.Name}" : name);
    }
}
