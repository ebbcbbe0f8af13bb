namespace FlowForge.Plugins.Formats.Xml;

/// <summary>What the XML reader is told.</summary>
public sealed record XmlSpec
{
    [Setting("Which elements are the records: a path from the root (/orders/order, * stands for any name), or a name, wherever it stands outermost. Without it the children of the root", Example = "/orders/order")]
    public string RecordPath { get; init; } = "";

    [Setting("What stands before the name of an attribute in the name of its field")]
    public string AttributePrefix { get; init; } = "@";

    [Setting("Name of the field for the text of an element that has attributes or children too")]
    public string TextField { get; init; } = "#text";

    [Setting("Elements that may come several times in their parent: a list is made of them even where there is one", Example = "item")]
    public IReadOnlyList<string> Lists { get; init; } = [];

    [Setting("Whether fields keep the prefix of their namespace (x:name) instead of the bare name")]
    public bool KeepPrefixes { get; init; }

    [Setting("Whether a document type declaration is passed over. Nothing in it is read or fetched: entities that it declares stay unknown, and a file that uses one is rejected")]
    public bool AllowDoctype { get; init; }

    [Setting("Characters that one record may have", Minimum = 1024, Maximum = 1 << 28)]
    public int MaxRecordChars { get; init; } = 16 << 20;
}
