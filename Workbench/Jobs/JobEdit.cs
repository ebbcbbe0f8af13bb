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

    public JobEdit(JobForm form, IReadOnlyList<ConnectorEntry> connectors, JobSettings? existing = null)
    {
        (_form, Existing) = (form, existing is not null);
        (Pipeline, Name) = (existing?.Pipeline ?? "", existing?.Job ?? "");
        var settings = existing is null ? [] : JsonObject.Create(existing.Settings.Clone())!;
        SourceType = settings["source_type"]?.ToString() ?? "";
        Connection = settings["connection"]?.ToString();
        Connector = connectors.FirstOrDefault(c => c.Error is null && (c.Name == SourceType.Split('@')[0] || c.SourceTypes.Contains(SourceType)));
        Config = ConfigOf(settings["config"] as JsonObject ?? []);
        foreach (var name in Apart) settings.Remove(name);
        Fields = new SettingForm([.. form.Job.Where(f => !Apart.Contains(f.Name))], JsonSerializer.SerializeToElement(settings));
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

    public bool ReadsFiles => Connector?.Abilities.Contains("file_source") ?? false;

    public FormField this[string field] => Fields.Fields.First(f => f.Field.Name == field);

    public FormField? InConfig(string field) => Config.Fields.FirstOrDefault(f => f.Field.Name == field);

    /// <summary>Takes a connector; what was written for it before comes back.</summary>
    public void Choose(ConnectorEntry connector)
    {
        if (Connector?.Name == connector.Name) return;
        if (Connector is not null) _configs[Connector.Name] = Config.ToObject();
        (Connector, Connection, SourceType) = (connector, null, connector.SourceTypes.FirstOrDefault(t => t is "file_local" or "file_s3" or "api") ?? connector.Name);
        Config = ConfigOf(_configs.GetValueOrDefault(connector.Name) ?? []);
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
    }

    /// <summary>Proposes a name while there is none.</summary>
    public void NameAfter(string what)
    {
        if (Name.Length > 0) return;
        var last = what.Split('/', ':')[^1];
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

    private SettingForm ConfigOf(JsonObject config)
    {
        var own = Connector?.Fields ?? [];
        var fields = own.Concat(_form.Csv.Concat(_form.Files).Where(f => own.All(o => o.Name != f.Name))).DistinctBy(f => f.Name);
        return new SettingForm([.. fields], JsonSerializer.SerializeToElement(config), "config.");
    }

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex Odd();
}
