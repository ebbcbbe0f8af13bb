namespace FlowForge.Plugins.Tests.Servers;

internal static partial class ReadyServers
{
    /// <summary>A server that is not installed: the test is skipped, and on CI it fails.</summary>
    public static void Need(bool installed, string what, string packages)
    {
        if (installed) return;
        var message = $"{what} is not installed (apt-get install {packages}).";
        if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail("On CI this must not be skipped: " + message);
        Assert.Skip(message);
    }
}
