namespace FlowForge.Plugins.Tests.Servers;

/// <summary>What the tests' servers ask when they start; a test would be skipped.</summary>
internal static class ReadyServers
{
    public static void Need(bool installed, string what, string packages)
    {
        if (!installed) throw new InvalidOperationException($"{what} is not installed (apt-get install {packages}).");
    }
}
