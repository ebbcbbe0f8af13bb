namespace FlowForge.Catalog;

/// <summary>How a job ends whose rows wait for a person.</summary>
public static class RunHeld
{
    /// <summary>The code of its error: what was read is kept, nothing was published, and somebody has to say what becomes of it.</summary>
    public const string Code = "FF2053";
}
