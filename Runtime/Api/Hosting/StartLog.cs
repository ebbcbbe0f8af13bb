namespace FlowForge.Api.Hosting;

/// <summary>What the runtime says when it does not start.</summary>
internal static partial class StartLog
{
    [LoggerMessage(LogLevel.Critical, "{Code}: {Message} The runtime does not start.")]
    public static partial void LakeFailed(ILogger logger, string code, string message);
}
