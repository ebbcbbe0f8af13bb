namespace FlowForge.Pipelines;

/// <summary>Judges what an ingest job says of its connection and of its connector's settings, where it is known what there is.</summary>
internal static class ConnectionRules
{
    /// <summary>The connector that the job will use: the connection's, where the connection is known.</summary>
    public static string? Connector(SectionReader section, string? sourceType, string? connector, string? connection, PipelineEnvironment environment, string typeField = "source_type")
    {
        if (connection is null || environment.Connections is not { } known)
        {
            return connector;
        }
        var field = section.Has("connection") ? "connection" : "config";
        if (!known.TryGetValue(connection, out var meant))
        {
            section.Add(
                DiagnosticCodes.UnknownConnection, field, $"There is no connection '{connection}'.",
                known.Count == 0 ? "Make it on the Sources page or in a file under connections/ of the workspace." : Nearest.Suggest(connection, [.. known.Keys.Order(StringComparer.Ordinal)]));
            return connector;
        }
        if (connector is not null && connector != meant)
        {
            section.Add(
                DiagnosticCodes.ConnectionMismatch, typeField, $"The connection '{connection}' is of the connector '{meant}', and {typeField} '{sourceType}' asks for '{connector}'.",
                $"Write {typeField}: {meant}, or name another connection.");
        }
        return meant;
    }

    /// <summary>Says what the connector would say of its settings when the job runs.</summary>
    public static void CheckSettings(SectionReader section, IngestDefinition job, PipelineEnvironment environment)
    {
        foreach (var finding in environment.CheckSettings?.Invoke(job) ?? [])
        {
            var place = section.Mapping("config") is { } config && config.Key(finding.Setting.Split('.', '[')[0]) is { } key ? key.Place : section.PlaceOf("config");
            section.Diagnostics.Add(DiagnosticCodes.SettingRefused, place, $"{section.Path}.config.{finding.Setting}", finding.Message, finding.Suggestion);
        }
    }
}
