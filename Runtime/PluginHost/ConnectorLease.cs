using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Reflection;
using System.Runtime.ExceptionServices;
using System.Text.Json.Nodes;
using FlowForge.PluginHost.Processes;
using FlowForge.Plugins;

namespace FlowForge.PluginHost;

/// <summary>What a connector is opened with.</summary>
public sealed record OpenRequest
{
    public required JsonObject Settings { get; init; }
    public required string BaseDirectory { get; init; }
    public required IReadOnlyList<string> AllowedRoots { get; init; }
    public required IConnectorLog Log { get; init; }
    /// <summary>Names in <see cref="Settings"/> that belong to the format layer, not to the connector.</summary>
    public IReadOnlySet<string> OtherSettings { get; init; } = new HashSet<string>();
    /// <summary>To test or to discover a connection no job is needed: required settings that a job gives may be missing.</summary>
    public bool WithoutJob { get; init; }
    /// <summary>See <see cref="ConnectorContext.Job"/>.</summary>
    public string? Job { get; init; }
    /// <summary>Spaces the connector's requests; null for no limit.</summary>
    public IPace? Pace { get; init; }
    /// <summary>Keeps what the system gives in the place of secrets; null where nothing is kept.</summary>
    public IRenewals? Renewals { get; init; }
    /// <summary>Run the connector in a host process of its own.</summary>
    public bool OutOfProcess { get; init; }
    /// <summary>Answers <c>secret:name</c>; environment variables are read by the host.</summary>
    public Func<string, string?> Secrets { get; init; } = static _ => null;
}

/// <summary>
/// An opened connector and the hold on its plugin's generation. Dispose it after use: the connector is disposed and,
/// if a newer generation took over meanwhile, the old one may unload.
/// </summary>
public sealed class ConnectorLease : IAsyncDisposable
{
    /// <summary>A host process is up in a fifth of a second; a machine under load may need much longer.</summary>
    private static readonly TimeSpan OpenLimit = TimeSpan.FromSeconds(60);
    private static readonly System.Text.Json.JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly ActivitySource Activities = new("FlowForge.Plugins");
    private readonly LoadedPlugin _plugin;
    private readonly Meter _meter;
    private int _disposed;

    internal ConnectorLease(ConnectorDescriptor descriptor, OpenRequest request)
    {
        (Descriptor, _plugin, _meter) = (descriptor, descriptor.Plugin, new Meter($"FlowForge.Plugins.{descriptor.Name}"));
        var binder = new SettingsBinder(descriptor.Name, SecretReferences.Resolver(request.Secrets), request.WithoutJob ? BindingUse.OpenConnection : BindingUse.Open);
        var settings = binder.Bind(descriptor.Spec, request.Settings, request.OtherSettings);
        if (binder.Errors.Count > 0) throw new SettingsException(descriptor.Name, binder.Errors);
        // What is part of the runtime has no folder that another process could load.
        if (request.OutOfProcess && descriptor.Plugin.Copy.Length > 0)
        {
            Connector = Remote(descriptor, request);
            return;
        }
        var contextType = descriptor.Constructor.GetParameters()[0].ParameterType;
        var context = Activator.CreateInstance(contextType)!;
        Set(nameof(ConnectorContext.BaseDirectory), request.BaseDirectory);
        Set(nameof(ConnectorContext.AllowedRoots), request.AllowedRoots);
        Set(nameof(ConnectorContext.Log), new MaskingLog(request.Log));
        Set(nameof(ConnectorContext.Conceal), (Action<Secret>)(s => SecretMask.LearnDerived(s.Reveal())));
        Set(nameof(ConnectorContext.Activities), Activities);
        Set(nameof(ConnectorContext.Meter), _meter);
        if (request.Job is { } job) Set(nameof(ConnectorContext.Job), job);
        if (request.Pace is { } pace) Set(nameof(ConnectorContext.Pace), pace);
        if (request.Renewals is { } renewals) Set(nameof(ConnectorContext.Renewals), renewals);
        Set("Settings", settings);
        try { Connector = (IConnector)descriptor.Constructor.Invoke([context]); }
        catch (TargetInvocationException failure) when (failure.InnerException is TerminalException or TransientException)
        {
            ExceptionDispatchInfo.Throw(failure.InnerException);
        }
        catch (TargetInvocationException failure)
        {
            throw new PluginException($"Connector '{descriptor.Name}' failed in its constructor: {SecretMask.Hide(failure.InnerException!.Message)}", SecretMask.Hide(failure.InnerException));
        }

        void Set(string property, object value) => contextType.GetProperty(property)!.SetValue(context, value);
    }

    private static IConnector Remote(ConnectorDescriptor descriptor, OpenRequest request)
    {
        var settings = request.Settings.ToJsonString();
        // Only the secrets that the settings name cross the border.
        var secrets = SecretReferences.NamesIn(request.Settings.ToJsonString(Plain)).Where(n => n.StartsWith("secret:", StringComparison.Ordinal)).Select(n => n["secret:".Length..]).Distinct()
            .ToDictionary(n => n, n => request.Secrets(n) ?? "");
        var arguments = new OpenArguments(descriptor.Plugin.Copy, descriptor.Name, settings, [.. request.OtherSettings], secrets, request.BaseDirectory, [.. request.AllowedRoots], request.WithoutJob, request.Job);
        var host = Task.Run(() => HostProcess.StartAsync(arguments, new MaskingLog(request.Log), request.Pace, request.Renewals, OpenLimit)).GetAwaiter().GetResult();
        return RemoteConnector.Create(descriptor.Type, host);
    }

    public ConnectorDescriptor Descriptor { get; }
    public IConnector Connector { get; } = null!;

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        try
        {
            if (Connector is IAsyncDisposable asynchronous) await asynchronous.DisposeAsync().ConfigureAwait(false);
            else if (Connector is IDisposable disposable) disposable.Dispose();
        }
        finally
        {
            _meter.Dispose();
            _plugin.EndUse();
        }
    }
}
