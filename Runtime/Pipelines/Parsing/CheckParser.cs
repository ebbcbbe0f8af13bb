using System.Globalization;

namespace FlowForge.Pipelines;

/// <summary>Reads checks: a list of <c>{ kind: what }</c>, each with <c>on_fail</c> inside or beside; a bare word for a kind that needs nothing.</summary>
internal static class CheckParser
{
    private static readonly IReadOnlyList<string> Kinds = EnumText.All<CheckKind>();

    public static IReadOnlyList<CheckDefinition> Read(SectionReader section)
    {
        List<CheckDefinition> checks = [];
        var titles = new HashSet<string>(StringComparer.Ordinal);
        switch (section.Value("checks"))
        {
            case null:
                break;
            case SequenceNode list:
                for (var i = 0; i < list.Items.Count; i++)
                {
                    if (ReadItem(list.Items[i], $"{section.PathOf("checks")}[{i}]", section.Diagnostics) is { } check)
                    {
                        Add(check, list.Items[i], $"{section.PathOf("checks")}[{i}]");
                    }
                }
                break;
            case { } other:
                section.Diagnostics.Add(
                    DiagnosticCodes.WrongType, other.Place, section.PathOf("checks"), $"'checks' must be a list, not {other.Kind}.", "Write '- not_null: id' under 'checks:'.");
                break;
        }
        return checks;

        void Add(CheckDefinition check, SourceNode item, string path)
        {
            if (!titles.Add(check.Title))
            {
                section.Diagnostics.Add(DiagnosticCodes.DuplicateCheck, item.Place, path, $"The check {check.Title} stands here twice.", "Remove one of them.");
            }
            else
            {
                checks.Add(check);
            }
        }
    }

    private static CheckDefinition? ReadItem(SourceNode item, string path, DiagnosticList diagnostics)
    {
        if (item is not MappingNode mapping)
        {
            diagnostics.Add(DiagnosticCodes.WrongType, item.Place, path, $"A check is a mapping such as 'not_null: id', not {item.Kind}.");
            return null;
        }
        var kinds = mapping.Entries.Where(e => e.Key.Text != "on_fail").ToList();
        if (kinds.Count != 1)
        {
            diagnostics.Add(
                DiagnosticCodes.InvalidCheck, item.Place, path, kinds.Count == 0 ? "The check has no kind." : $"One check has several kinds: {string.Join(", ", kinds.Select(k => k.Key.Text))}.",
                "Begin each check with its own '-'.");
            return null;
        }
        var (key, value) = kinds[0];
        if (!EnumText.TryParse<CheckKind>(key.Text, out var kind))
        {
            diagnostics.Add(DiagnosticCodes.UnknownCheck, key.Place, $"{path}.{key.Text}", $"There is no check '{key.Text}'.", Nearest.Suggest(key.Text, Kinds));
            return null;
        }
        if (Sections.Open(value, key, $"{path}.{key.Text}", DatasetFields.Checks[kind], diagnostics) is not { } fields)
        {
            return null;
        }
        var action = fields.Choice<CheckAction>("on_fail")!.Value;
        if (mapping["on_fail"] is not null)
        {
            var beside = new MappingNode(mapping.Place);
            beside.Add(mapping.Key("on_fail")!, mapping["on_fail"]!);
            action = new SectionReader(beside, path, new FieldSet("a check", [DatasetFields.CheckAction]), key.Place, diagnostics).Choice<CheckAction>("on_fail")!.Value;
        }
        var check = Build(kind, fields) with { OnFail = action, Line = key.Place.Line };
        if (!check.IsAboutRows && action is CheckAction.Quarantine or CheckAction.Drop)
        {
            fields.Diagnostics.Add(DiagnosticCodes.CannotQuarantine, key.Place, $"{path}.on_fail", $"{kind.ToText()} cannot {action.ToText()}: it is about the table, not about single rows.", "Use warn or fail.");
        }
        return check;
    }

    private static CheckDefinition Build(CheckKind kind, SectionReader fields)
    {
        switch (kind)
        {
            case CheckKind.NotNull or CheckKind.Unique:
                var columns = fields.Texts("columns");
                if (columns.Count == 0 && fields.Has("columns"))
                {
                    fields.Add(DiagnosticCodes.InvalidCheck, "columns", $"{kind.ToText()} names no column.", "Name at least one.");
                }
                return new CheckDefinition { Kind = kind, Columns = columns };
            case CheckKind.AcceptedValues:
                return new CheckDefinition { Kind = kind, Columns = Column(fields), Values = Values(fields) };
            case CheckKind.Range:
                return Bounds(new CheckDefinition { Kind = kind, Columns = Column(fields), Min = fields.Text("min"), Max = fields.Text("max") }, fields);
            case CheckKind.Regex:
                return new CheckDefinition { Kind = kind, Columns = Column(fields), Pattern = fields.Text("pattern") };
            case CheckKind.Expression:
                return new CheckDefinition { Kind = kind, Sql = Sql("condition"), Name = fields.Text("name") };
            case CheckKind.Sql:
                return new CheckDefinition { Kind = kind, Sql = Sql("query"), Name = fields.Text("name") };
            case CheckKind.ForeignKey:
                return ForeignKey(fields);
            case CheckKind.Freshness:
                return new CheckDefinition { Kind = kind, Columns = Column(fields), MaxAge = Durations.Read(fields, "max_age", TimeSpan.FromDays(1)) };
            case CheckKind.Anomaly:
                return Anomaly(fields);
            default:
                return Bounds(new CheckDefinition { Kind = kind, Min = Whole("min"), Max = Whole("max") }, fields);
        }

        string Sql(string field)
        {
            var sql = fields.Text(field) ?? "";
            if (string.IsNullOrWhiteSpace(sql) && fields.Has(field))
            {
                fields.Add(DiagnosticCodes.InvalidCheck, field, $"{kind.ToText()} has an empty {field}.", "Write SQL.");
            }
            return sql.TrimEnd().TrimEnd(';');
        }

        string? Whole(string field) => fields.Integer(field)?.ToString(CultureInfo.InvariantCulture);
    }

    private static CheckDefinition ForeignKey(SectionReader fields)
    {
        var columns = fields.Texts("columns");
        var references = fields.Texts("references");
        var table = fields.Text("table")?.ToLowerInvariant();
        if (references.Count > 0 && references.Count != columns.Count)
        {
            fields.Add(DiagnosticCodes.InvalidCheck, "references", $"foreign_key has {columns.Count} columns and references {references.Count}.", "Name as many as under 'columns'.");
        }
        if (table is not null && !IsTable(table))
        {
            fields.Add(DiagnosticCodes.InvalidCheck, "table", $"'{table}' is no table of the lake.", "Name it with its layer: bronze.airports.");
            table = null;
        }
        return new CheckDefinition { Kind = CheckKind.ForeignKey, Columns = columns, ReferencedTable = table ?? "bronze.unknown", ReferencedColumns = references.Count > 0 ? references : columns };
    }

    private static bool IsTable(string text) => text.Split('.') is ["bronze" or "silver" or "gold", { Length: > 0 } name] && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private static CheckDefinition Anomaly(SectionReader fields)
    {
        var check = new CheckDefinition
        {
            Kind = CheckKind.Anomaly,
            Columns = Column(fields),
            Metric = fields.Choice<CheckMetric>("metric")!.Value,
            Runs = (int)fields.Integer("runs")!.Value,
            MinRuns = (int)fields.Integer("min_runs")!.Value,
            Sensitivity = fields.Number("sensitivity"),
        };
        if (check.Metric != CheckMetric.RowCount && check.Columns.Count == 0)
        {
            fields.Diagnostics.Add(DiagnosticCodes.InvalidCheck, fields.Place, fields.Path, $"anomaly of {check.Metric.ToText()} names no column.", "Add column.");
        }
        if (check.MinRuns > check.Runs)
        {
            fields.Add(DiagnosticCodes.InvalidCheck, "min_runs", $"min_runs {check.MinRuns} is more than runs {check.Runs}, so nothing would ever be judged.", "Raise runs.");
        }
        return check with { Columns = check.Metric == CheckMetric.RowCount ? [] : check.Columns };
    }

    private static IReadOnlyList<string> Column(SectionReader fields) => fields.Text("column") is { Length: > 0 } column ? [column] : [];

    private static List<string?> Values(SectionReader fields)
    {
        List<string?> values = [];
        foreach (var item in fields.Items("values", "a list of values"))
        {
            if (item is ScalarNode scalar)
            {
                values.Add(scalar.IsNull ? null : scalar.Text);
            }
            else
            {
                fields.Diagnostics.Add(DiagnosticCodes.WrongType, item.Place, fields.PathOf("values"), $"'values' lists single values, not {item.Kind}.");
            }
        }
        if (values.Count == 0 && fields.Has("values"))
        {
            fields.Add(DiagnosticCodes.InvalidCheck, "values", "accepted_values lists no value, so every row would fail.", "List the values that are allowed.");
        }
        return values;
    }

    private static CheckDefinition Bounds(CheckDefinition check, SectionReader fields)
    {
        if (!fields.Has("min") && !fields.Has("max"))
        {
            fields.Diagnostics.Add(DiagnosticCodes.InvalidCheck, fields.Place, fields.Path, $"{check.Kind.ToText()} has neither min nor max.", "Give at least one bound.");
        }
        else if (check is { Min: { } min, Max: { } max } && Order(min, max) > 0)
        {
            fields.Add(DiagnosticCodes.InvalidCheck, "min", $"min {min} lies above max {max}, so every row would fail.", "Swap them.");
        }
        return check;
    }

    private static int Order(string min, string max) =>
        decimal.TryParse(min, NumberStyles.Float, CultureInfo.InvariantCulture, out var low) && decimal.TryParse(max, NumberStyles.Float, CultureInfo.InvariantCulture, out var high)
            ? low.CompareTo(high)
            : string.CompareOrdinal(min, max);
}
