using System.Globalization;

namespace FlowForge.Temporal.DevServer.Hosting;

/// <summary>The server's switches.</summary>
internal sealed record CommandLine
{
    public const string Usage =
        """
        Embedded Temporal server for development: one process, one file.

          --port N            gRPC port, 0 for a free one (7233)
          --ip ADDRESS        address to listen on (127.0.0.1)
          --db-filename FILE  database; without it nothing survives the process
          --namespace NAME    make this namespace too; may be repeated ("default" is always there)
          --search-attribute NAME=TYPE  custom search attribute of all these namespaces; may be repeated
          --http-port N       plain HTTP port on 127.0.0.1 for /health and /metrics, 0 for a free one (none)
          --parent-pid PID    stop when that process is gone
          --tls-cert FILE     PEM certificate; needed beyond loopback
          --tls-key FILE      PEM private key
          --tls-client-ca FILE  PEM authorities of the certificates that clients must show
          --api-key-file FILE file with the key that callers must send; needed beyond loopback
          --access-log        one line per call
          --headless          accepted and ignored: there is no web UI here
        """;

    public required DevServerOptions Options { get; init; }

    public int? ParentPid { get; init; }

    public bool Help { get; init; }

    /// <exception cref="DevServerException">A switch is unknown or has no proper value.</exception>
    public static CommandLine Parse(IReadOnlyList<string> args)
    {
        var options = new DevServerOptions { Log = Console.Error };
        var namespaces = new List<string> { "default" };
        var attributes = new Dictionary<string, IndexedValueType>(StringComparer.Ordinal);
        int? parent = null;
        var help = false;
        for (var i = 0; i < args.Count; i++)
        {
            var (name, inline) = args[i].StartsWith("--", StringComparison.Ordinal) && args[i].Split('=', 2) is [var n, var v] ? (n, v) : (args[i], null);
            string Value() => inline ?? (++i < args.Count ? args[i] : throw new DevServerException($"{name} needs a value. See --help."));
            int Number() => Value() is var text && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw new DevServerException($"{name} needs a number, not \"{text}\".");
            switch (name)
            {
                case "--port":
                    options = options with { Port = Number() };
                    break;
                case "--ip":
                    options = options with { Ip = Value() };
                    break;
                case "--db-filename":
                    options = options with { DbFile = Value() };
                    break;
                case "--namespace":
                    namespaces.Add(Value());
                    break;
                case "--search-attribute":
                    var (attribute, type) = Value().Split('=', 2) is [var a, var t] ? (a, t) : throw new DevServerException("--search-attribute needs NAME=TYPE.");
                    attributes[attribute] = Enum.TryParse<IndexedValueType>(type, ignoreCase: true, out var known) && known != IndexedValueType.Unspecified
                        ? known
                        : throw new DevServerException($"--search-attribute {attribute}: \"{type}\" is none of Text, Keyword, Int, Double, Bool, Datetime, KeywordList.");
                    break;
                case "--http-port":
                    options = options with { HttpPort = Number() };
                    break;
                case "--parent-pid":
                    parent = Number();
                    break;
                case "--tls-cert":
                    options = options with { Certificate = Value() };
                    break;
                case "--tls-key":
                    options = options with { CertificateKey = Value() };
                    break;
                case "--tls-client-ca":
                    options = options with { ClientAuthority = Value() };
                    break;
                case "--api-key-file":
                    options = options with { ApiKey = File.ReadAllText(Value()).Trim() };
                    break;
                case "--access-log":
                    options = options with { AccessLog = true };
                    break;
                case "--headless":
                    break;
                case "--help" or "-h":
                    help = true;
                    break;
                default:
                    throw new DevServerException($"Unknown switch {name}. See --help.");
            }
        }
        return new CommandLine { Options = options with { Namespaces = [.. namespaces.Distinct()], SearchAttributes = attributes }, ParentPid = parent, Help = help };
    }
}
