namespace FlowForge.AppHost.Hosting;

/// <summary>Takes what services print and what the AppHost says about them. Called from many threads.</summary>
internal interface IServiceLog
{
    /// <summary>One line that a service printed.</summary>
    void Line(string service, string line);

    /// <summary>What happened to a service: restarted, ended …</summary>
    void Notice(string message, bool warning = false);
}
