using System.Reflection;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace FlowForge.Temporal.Protocol.Server;

/// <summary>
/// Maps the unary methods of gRPC services to handlers. A handler object has public methods named as the service's methods,
/// <c>Task&lt;TResponse&gt; Name(TRequest, GrpcCall)</c>; several objects may share one service. Fill it before the server starts.
/// </summary>
public sealed class GrpcServiceRoutes
{
    private readonly Dictionary<string, GrpcMethod> _methods = new(StringComparer.Ordinal);
    private readonly HashSet<string> _services = new(StringComparer.Ordinal);

    /// <summary>Adds every method of <paramref name="service"/> for which <paramref name="handlers"/> has a method of that name.</summary>
    /// <exception cref="ArgumentException">A method of that name has other types, or is mapped already.</exception>
    public GrpcServiceRoutes Add(ServiceDescriptor service, object handlers)
    {
        _services.Add(service.FullName);
        foreach (var rpc in service.Methods)
        {
            var method = handlers.GetType().GetMethod(rpc.Name, BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly);
            if (method is null)
            {
                continue;
            }
            var path = $"{service.FullName}/{rpc.Name}";
            var bind = typeof(GrpcServiceRoutes).GetMethod(nameof(Bind), BindingFlags.NonPublic | BindingFlags.Static)!
                .MakeGenericMethod(rpc.InputType.ClrType, rpc.OutputType.ClrType);
            try
            {
                if (!_methods.TryAdd(path, (GrpcMethod)bind.Invoke(null, [path, handlers, method])!))
                {
                    throw new ArgumentException($"{path} is mapped twice.");
                }
            }
            catch (TargetInvocationException e) when (e.InnerException is ArgumentException wrong)
            {
                throw new ArgumentException(
                    $"{method.DeclaringType}.{method.Name} must be Task<{rpc.OutputType.ClrType.Name}> ({rpc.InputType.ClrType.Name}, GrpcCall).", wrong);
            }
        }
        return this;
    }

    /// <summary>The full names of all mapped services.</summary>
    public IReadOnlyCollection<string> Services => _services;

    internal GrpcMethod? Find(string path) => _methods.GetValueOrDefault(path);

    internal bool HasService(string name) => _services.Contains(name);

    private static GrpcMethod Bind<TRequest, TResponse>(string path, object target, MethodInfo method)
        where TRequest : IMessage<TRequest>, new()
        where TResponse : IMessage<TResponse>
    {
        var handler = method.CreateDelegate<Func<TRequest, GrpcCall, Task<TResponse>>>(target);
        var parser = new MessageParser<TRequest>(() => new TRequest());
        return new GrpcMethod(path, parser, async (request, call) => await handler((TRequest)request, call));
    }
}

/// <summary>One mapped method: how to read its request and what answers it.</summary>
internal sealed record GrpcMethod(string Path, MessageParser Parser, Func<IMessage, GrpcCall, Task<IMessage>> Handler);
