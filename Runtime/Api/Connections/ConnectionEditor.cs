using System.Text.Json;
using System.Text.Json.Nodes;
using FlowForge.Api.Problems;
using FlowForge.Catalog;
using FlowForge.Contracts;
using FlowForge.Pipelines;
using FlowForge.PluginHost;

namespace FlowForge.Api.Connections;

/// <summary>Makes, changes and deletes connections. Secrets given as text go into the vault; the connection keeps references. Thread-safe.</summary>
internal sealed class ConnectionEditor(ConnectionBook book, ConnectionStore store, ConnectionUses uses, SecretStore secrets, PluginRegistry plugins, ConnectionGuards guards)
{
    public void Put(string name, PutConnection body)
    {
        if (ConnectionParser.NameProblem(name) is { } problem) throw ProblemException.Bad("FF5020", problem);
        var old = book.Find(name);
        if (old?.File is { } file) throw Conflict("FF5021", $"'{name}' is described by {book.Relative(file)}.", "Change it there; the file counts before the workbench.");
        var connector = Connector(body.Connector);
        var given = Complete(connector, Settings(body.Settings), old?.Definition);
        var errors = connector.Spec.Check(given, new HashSet<string>(), secrets.Reveal, connectionOnly: true);
        var limit = Limit(body.RateLimit);
        if (limit is not null && !connector.SendsRequests) throw ProblemException.Bad("FF1233", $"A rate limit spaces requests, and {connector.Name} sends none.", "Leave rateLimit out.");
        if (errors.Count > 0) throw Refused(name, errors);
        RefuseMixed(connector, given);
        var kept = connector.Spec.MapSecrets(given, (path, text) => SecretReferences.IsReadable(text) ? text : Store(name, path, text));
        guards.Forget(name);
        store.Put(new ConnectionDefinition
        {
            Name = name, Connector = Pinned(connector, body.Connector, old?.Definition), Description = string.IsNullOrWhiteSpace(body.Description) ? null : body.Description.Trim(), Settings = kept, RateLimit = limit,
            Isolation = body.Isolation == ConnectorIsolation.Process ? Isolation.Process : Isolation.None
        });
        if (old is not null) Forget(OwnedSecrets.Of(old.Definition).Except(OwnedSecrets.Of(name, kept), StringComparer.Ordinal));
    }

    public void Delete(string name, bool force)
    {
        var known = book.Find(name) ?? throw Unknown(name);
        if (known.File is { } file) throw Conflict("FF5021", $"'{name}' is described by {book.Relative(file)}.", "Remove it there.");
        var users = uses.ByConnection()[name].ToList();
        if (users.Count > 0 && !force)
            throw Conflict("FF5022", $"'{name}' is used by {string.Join(", ", users.Take(10).Select(u => $"{u.Pipeline} ({u.Job})"))}{(users.Count > 10 ? $" and {users.Count - 10} more" : "")}.",
                "Change these jobs first, or delete it anyway with force=true: they fail at their next run.");
        store.Delete(name);
        guards.Forget(name);
        Forget(OwnedSecrets.Of(known.Definition));
    }

    /// <summary>Secrets that were made for a connection go with it, unless somebody else has come to use them.</summary>
    private void Forget(IEnumerable<string> owned)
    {
        var referred = uses.BySecret();
        foreach (var secret in owned.Where(s => !referred[s].Any())) secrets.Delete(secret);
    }

    /// <summary>Text beside a reference would be stored readable, and may be half of a secret.</summary>
    private static void RefuseMixed(ConnectorDescriptor connector, JsonObject given)
    {
        var mixed = new List<string>();
        connector.Spec.MapSecrets(given, (path, text) =>
        {
            if (SecretReferences.NamesIn(text).Any() && !SecretReferences.IsReadable(text)) mixed.Add(path);
            return text;
        });
        if (mixed.Count == 0) return;
        throw new ProblemException(422, "FF5034", "Settings refused", $"{string.Join(", ", mixed.Select(m => $"'{m}'"))} mixes text with a reference to a secret: the text would be stored readable; nothing was stored.",
            "Store the whole value as one secret and refer to that, or give it as text: then it is encrypted. In front of a reference only the name of a scheme may stand: Bearer ${secret:name}.",
            [.. mixed.Select(m => new DiagnosticEntry(DiagnosticLevel.Error, "FF5034", "Text and a reference to a secret are mixed.", m, null, null, "Write one reference and nothing else, or text without one."))]);
    }

    /// <summary>The connection that a request means: a saved one, one that is not saved, or a mixture.</summary>
    public ConnectionDefinition Choose(ConnectionChoice choice)
    {
        var saved = choice.Name is { Length: > 0 } name ? book.Definition(name) : null;
        if (saved is null && choice.Connector is null) throw choice.Name is null ? ProblemException.Bad("FF5023", "The body names neither a connection nor a connector.", "Send {\"name\": \"…\"} or {\"connector\": \"…\", \"settings\": {…}}.") : Unknown(choice.Name);
        var connector = Connector(choice.Connector ?? saved!.Connector);
        var given = choice.Settings is { } settings ? Complete(connector, Settings(settings), saved) : saved?.Settings ?? [];
        return new ConnectionDefinition
        {
            Name = choice.Name ?? "", Connector = connector.Name, Settings = given, RateLimit = saved?.RateLimit,
            Isolation = choice.Isolation is { } isolation ? isolation == ConnectorIsolation.Process ? Isolation.Process : Isolation.None : saved?.Isolation ?? Isolation.None
        };
    }

    public static ProblemException Unknown(string name) => ProblemException.NotFound("FF5001", $"There is no connection '{name}'.", "GET /api/v1/connections lists them.");

    public static DiagnosticEntry ToEntry(SettingError error) => new(DiagnosticLevel.Error, "FF1232", error.Message, error.Path, null, null, error.Suggestion);

    private ConnectorDescriptor Connector(string? name)
    {
        if (string.IsNullOrWhiteSpace(name)) throw ProblemException.Bad("FF5023", "The body names no connector.", "GET /api/v1/connectors lists them.");
        return plugins.Find(name) ?? throw new ProblemException(422, "FF5024", "Unknown connector", $"There is no connector '{name}'.", $"There are: {string.Join(", ", plugins.Connectors.Select(c => c.Name))}.");
    }

    /// <summary>Stars stand for what is stored already; empty texts for nothing.</summary>
    private static JsonObject Complete(ConnectorDescriptor connector, JsonObject given, ConnectionDefinition? saved)
    {
        var old = new Dictionary<string, string>(StringComparer.Ordinal);
        if (saved is not null) connector.Spec.MapSecrets(saved.Settings, (path, text) => old[path] = text);
        var complete = connector.Spec.MapSecrets(given, (path, text) => text == ConnectionViews.Hidden ? old.GetValueOrDefault(path, "") : text);
        foreach (var empty in complete.Where(p => p.Value is null || p.Value is JsonValue value && value.TryGetValue<string>(out var text) && text.Length == 0).Select(p => p.Key).ToList()) complete.Remove(empty);
        return complete;
    }

    /// <summary>A version that was asked for stays asked for, also when only settings change.</summary>
    private static string Pinned(ConnectorDescriptor connector, string asked, ConnectionDefinition? saved) =>
        asked.Contains('@', StringComparison.Ordinal) ? $"{connector.Name}@{connector.Version}"
        : saved?.Connector.StartsWith(connector.Name + "@", StringComparison.Ordinal) == true ? saved.Connector : connector.Name;

    private string Store(string connection, string path, string value)
    {
        if (value.Length == 0) return value;
        if (value.Length > SecretStore.LongestValue) throw ProblemException.Bad("FF5031", $"'{path}' has {value.Length} characters; a secret has at most {SecretStore.LongestValue}.");
        var name = OwnedSecrets.Name(connection, path);
        secrets.Put(name, value);
        return $"${{secret:{name}}}";
    }

    private static JsonObject Settings(JsonElement? settings) => settings switch
    {
        null or { ValueKind: JsonValueKind.Null } => [],
        { ValueKind: JsonValueKind.Object } element => JsonObject.Create(element)!.DeepClone().AsObject(),
        _ => throw ProblemException.Bad("FF5023", "settings must be an object.", "Send {\"settings\": {\"host\": \"…\"}}.")
    };

    private static RateLimit? Limit(string? text) => string.IsNullOrWhiteSpace(text) ? null : RateLimit.TryParse(text, out var limit) ? limit
        : throw ProblemException.Bad("FF1233", $"'{text}' is no rate limit.", "Write a number and a unit: 10/s, 600/m or 5000/h.");

    private static ProblemException Refused(string name, IReadOnlyList<SettingError> errors) => new(422, "FF5025", "Settings refused",
        $"The settings of '{name}' have {errors.Count} {(errors.Count == 1 ? "error" : "errors")}; nothing was stored.", "Mend what the diagnostics name.", [.. errors.Select(ToEntry)]);

    private static ProblemException Conflict(string code, string detail, string suggestion) => new(409, code, "Not possible now", detail, suggestion);
}
