using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FlowForge.Contracts;
using FlowForge.Workbench.Sources;

namespace FlowForge.Workbench.Jobs;

/// <summary>An ingest job while a person edits it: all steps of the wizard fill this one thing, so going back loses nothing.</summary>
public sealed partial class JobEdit
{
    private static readonly HashSet<string> Apart = ["source_type", "connection", "config"];

    private readonly JobForm _form;

    // What was written for a connector that was chosen before: choosing it again brings it back.
    private readonly Dictionary<string, JsonObject> _configs = new(StringComparer.Ordinal);

    // The plugin of the format for which the settings have fields.
    private FormatEntry? _fitted;

    // What was written for formats that were chosen before, by their names.
    private readonly Dictionary<string, JsonObject> _ofFormats = new(StringComparer.Ordinal);

    /// <param name="formats">Formats that plugins read, beside the known ones.</param>
    public JobEdit(JobForm form, IReadOnlyList<ConnectorEntry> connectors, JobSettings? existing = null, IReadOnlyList<FormatEntry>? formats = null)
    {
        (_form, Existing, Formats) = (form, existing is not null, formats ?? []);
        (Pipeline, Name) = (existing?.Pipeline ?? "", existing?.Job ?? "");
        var settings = existing is null ? [] : JsonObject.Create(existing.Settings.Clone())!;
        SourceType = settings["source_type"]?.ToString() ?? "";
        Connection = settings["connection"]?.ToString();
        Connector = connectors.FirstOrDefault(c => c.Error is null && (c.Name == SourceType.Split('@')[0] || c.SourceTypes.Contains(SourceType)));
        Config = ConfigOf(settings["config"] as JsonObject ?? []);
        foreach (var name in Apart) settings.Remove(name);
        Fields = new SettingForm([.. form.Job.Where(f => !Apart.Contains(f.Name)).Select(f => f.Name == "format" ? FormatField(f, settings["format"]?.ToString()) : f)], JsonSerializer.SerializeToElement(settings));
        Refit();
        Schedule = new SettingForm(form.Schedule, existing?.Schedule);
        Triggers = existing?.Triggers is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray().Select(t => new SettingForm(form.Trigger, t))] : [];
        _starts = Starts;
    }

    private readonly string _starts;

    public bool Existing { get; }

    public string Pipeline { get; set; }

    public string Description { get; set; } = "";

    public string Name { get; set; }

    public string SourceType { get; private set; }

    public string? Connection { get; private set; }

    public ConnectorEntry? Connector { get; private set; }

    /// <summary>Fields of the job itself.</summary>
    public SettingForm Fields { get; }

    /// <summary>Settings of connector and format.</summary>
    public SettingForm Config { get; private set; }

    public SettingForm Schedule { get; private set; }

    public List<SettingForm> Triggers { get; private set; }

    /// <summary>Kinds of checks and their fields.</summary>
    public IReadOnlyList<CheckForm> Checks => _form.Checks;

    /// <summary>Formats that plugins read.</summary>
    public IReadOnlyList<FormatEntry> Formats { get; }

    /// <summary>The format of the files: as it is written, or as the ending of the first path says; empty when neither does.</summary>
    public string Format => this["format"].Text is { Length: > 0 } written ? written : Ending is { Length: > 0 } ending ? Formats.FirstOrDefault(f => f.Endings.Contains(ending))?.Name ?? ending : "";

    /// <summary>The plugin that reads this format; null when no plugin is needed.</summary>
    public FormatEntry? FormatPlugin => ReadsFiles ? Formats.FirstOrDefault(f => f.Name == Format) : null;

    private string Ending => InConfig("path")?.Text.Split('\n')[0].Trim().Trim('"').ToLowerInvariant() is { } path ? path.Split('/', ':')[^1].Split('.') is [_, .., var ending] ? ending : "" : "";

    public bool ReadsFiles => Connector?.Abilities.Contains("file_source") ?? false;

    public FormField this[string field] => Fields.Fields.First(f => f.Field.Name == field);

    public FormField? InConfig(string field) => Config.Fields.FirstOrDefault(f => f.Field.Name == field);

    /// <summary>Takes a connector; what was written for it before comes back.</summary>
    public void Choose(ConnectorEntry connector)
    {
        if (Connector?.Name == connector.Name) return;
        if (Connector is not null) _configs[Connector.Name] = Config.ToObject();
        KeepOfFormat();
        _fitted = null;
        (Connector, Connection, SourceType) = (connector, null, connector.SourceTypes.FirstOrDefault(t => t is "file_local" or "file_s3" or "api") ?? connector.Name);
        Config = ConfigOf(_configs.GetValueOrDefault(connector.Name) ?? []);
        Refit();
    }

    /// <summary>
    /// Gives the settings the fields of the plugin that reads the format; what is filled in stays, and what was written for this format before comes back.
    /// To be called when path or format may have changed.
    /// </summary>
    public void Refit()
    {
        if (FormatPlugin == _fitted) return;
        KeepOfFormat();
        _fitted = FormatPlugin;
        Config = Config.With(ConfigFields(), "config.", _fitted is null ? null : _ofFormats.GetValueOrDefault(_fitted.Name));
    }

    private void KeepOfFormat()
    {
        if (_fitted is not null) _ofFormats[_fitted.Name] = new JsonObject(Config.ToObject().Where(p => _fitted.Fields.Any(f => f.Name == p.Key)).Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone())));
    }

    /// <param name="connection">Null reads with the settings of the job alone.</param>
    public void Use(ConnectionSummary? connection) => Connection = connection?.Name;

    /// <summary>Takes a table or file that was found at the source.</summary>
    public void Read(string what)
    {
        if (InConfig(ReadsFiles ? "path" : "table_name") is not { } field) return;
        field.Text = what;
        if (!ReadsFiles && InConfig("query") is { } query) query.Text = "";
        NameAfter(what);
        Refit();
    }

    /// <summary>Takes a file that has just been uploaded; one more when the job reads uploaded files already.</summary>
    public void TakeUpload(ConnectorEntry connector, string path)
    {
        Choose(connector);
        var there = InConfig("path")?.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        if (there.Contains(path)) return;
        Read(there.Length > 0 && there.All(p => p.StartsWith("upload:", StringComparison.Ordinal)) ? string.Join('\n', [.. there, path]) : path);
        if (Pipeline.Length == 0) Pipeline = Name;
    }

    /// <summary>Proposes a name while there is none.</summary>
    public void NameAfter(string what)
    {
        if (Name.Length > 0) return;
        var last = what.Split('\n')[0].Split('/', ':')[^1];
        var stem = ReadsFiles ? last.Split('.')[0] : last.Split('.')[^1];
        var name = Odd().Replace(stem.ToLowerInvariant(), "_").Trim('_');
        Name = name.Length == 0 ? "" : char.IsAsciiDigit(name[0]) ? "t_" + name : name;
    }

    public void AddTrigger() => Triggers.Add(new SettingForm(_form.Trigger, null));

    public JobDraft ToDraft()
    {
        var settings = new JsonObject { ["source_type"] = SourceType };
        if (Connection is not null) settings["connection"] = Connection;
        foreach (var (name, value) in Fields.ToObject()) settings[name] = value?.DeepClone();
        if (Config.ToObject() is { Count: > 0 } config) settings["config"] = config;
        return new JobDraft
        {
            Pipeline = Pipeline.Trim(), Description = Description, Job = Name.Trim(), Existing = Existing, Settings = JsonSerializer.SerializeToElement(settings), ChangeStarts = Starts != _starts || (!Existing && Starts != "[{},[]]"),
            Schedule = Schedule.ToObject() is { Count: > 0 } schedule ? JsonSerializer.SerializeToElement(schedule) : null,
            Triggers = JsonSerializer.SerializeToElement(Triggers.Select(t => t.ToObject()).Where(t => t.Count > 0))
        };
    }

    /// <summary>The schedule and triggers of a pipeline that is there already: they are its, not the job's.</summary>
    public void TakeStarts(PipelineStartTexts starts)
    {
        Schedule = new SettingForm(_form.Schedule, starts.Schedule);
        Triggers = starts.Triggers is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray().Select(t => new SettingForm(_form.Trigger, t))] : [];
    }

    private string Starts => JsonSerializer.Serialize(new object[] { Schedule.ToObject(), Triggers.Select(t => t.ToObject()) });

    private SettingForm ConfigOf(JsonObject config) => new(ConfigFields(), JsonSerializer.SerializeToElement(config), "config.");

    private List<ConnectorField> ConfigFields() => [.. (Connector?.Fields ?? []).Concat(_fitted?.Fields ?? []).Concat(_form.Csv).Concat(_form.Files).DistinctBy(f => f.Name)];

    /// <summary>A format is chosen, not written; one that nobody here knows stays choosable.</summary>
    private ConnectorField FormatField(ConnectorField field, string? written) => field with
    {
        Kind = FieldKind.Choice, Default = JsonSerializer.SerializeToElement("as the file's ending says"),
        Choices = [.. field.Choices.Concat(Formats.Select(f => f.Name)).Concat(written is { Length: > 0 } odd ? [odd] : []).Distinct()]
    };

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex Odd();
}
