namespace FlowForge.Pipelines;

/// <summary>The fields of a connection file.</summary>
internal static class ConnectionFields
{
    public static readonly FieldSet Connection = new("a connection",
    [
        new("connector", FieldKind.Text, "Name of the connector.") { Required = true },
        new("description", FieldKind.Text, "What it is for."),
        new("settings", FieldKind.Free, "The connector's settings that many jobs share; secrets as ${secret:name} or ${env:NAME}."),
        new("rate_limit", FieldKind.Text, "No more uses than this: 10/s, 600/m or 5000/h."),
        new("isolation", FieldKind.Choice, "process runs the connector in a host process of its own.") { Choices = EnumText.All<Isolation>(), Default = "none" },
    ]);

    public static readonly FieldSet File = new("a connection file",
    [
        new("connections", FieldKind.Sections, "Connections by name.") { Required = true, Section = Connection },
    ]);
}
