namespace FlowForge.Ingest.Formats.Json;

/// <summary>What becomes of objects and arrays inside JSON records.</summary>
internal enum Nested
{
    /// <summary>They stay JSON text.</summary>
    Keep,
    /// <summary>The fields of objects become columns: <c>a.b</c> → <c>a_b</c>. Arrays stay.</summary>
    Flatten,
    /// <summary>As Flatten, and arrays with objects become tables of their own.</summary>
    Split,
}

/// <summary>How far records are taken apart.</summary>
/// <param name="Mode">What is done.</param>
/// <param name="Depth">Objects deeper than so many levels stay JSON text.</param>
internal readonly record struct NestedSettings(Nested Mode, int Depth)
{
    public static readonly NestedSettings Keep = new(Nested.Keep, 0);
    public bool TakesApart => Mode != Nested.Keep;
}
