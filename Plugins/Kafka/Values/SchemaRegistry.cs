using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace FlowForge.Plugins.Kafka.Values;

/// <summary>
/// The schemas that a registry (Confluent's interface) keeps by number. Messages begin with a zero and the number of their schema. A schema never changes, so each is asked for once.
/// Not thread-safe; asking blocks the read, which happens once a schema.
/// </summary>
internal sealed class SchemaRegistry : IDisposable
{
    private const int PrefixLength = 5, DeepestReference = 16;
    private readonly Dictionary<int, Avro?> _known = [];
    private readonly HttpClient _http;
    private readonly string _where;

    /// <param name="spec">Names the registry.</param>
    /// <param name="handler">For TLS.</param>
    public SchemaRegistry(KafkaSpec spec, HttpMessageHandler handler)
    {
        if (!Uri.TryCreate(spec.SchemaRegistry, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || address.UserInfo.Length > 0)
        {
            handler.Dispose();
            throw new TerminalException("schema_registry is no address of a registry.", "Write https://host:port; the login goes into registry_user and registry_password.");
        }
        _where = address.GetLeftPart(UriPartial.Path).TrimEnd('/');
        _http = new HttpClient(handler) { Timeout = spec.Timeout, MaxResponseContentBufferSize = 16 << 20 };
        if (spec.RegistryUser is { } user)
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{(spec.RegistryPassword.IsEmpty ? "" : spec.RegistryPassword.Reveal())}")));
        _http.DefaultRequestHeaders.Accept.ParseAdd("application/vnd.schemaregistry.v1+json, application/json");
    }

    /// <summary>What follows the number of a value's schema; false when the value does not begin with one.</summary>
    public static bool TrySplit(ReadOnlySpan<byte> value, out int schema, out ReadOnlySpan<byte> rest)
    {
        var isNumbered = value.Length >= PrefixLength && value[0] == 0;
        schema = isNumbered ? BinaryPrimitives.ReadInt32BigEndian(value[1..]) : 0;
        rest = isNumbered ? value[PrefixLength..] : value;
        return isNumbered;
    }

    /// <summary>The schema of a number; null when the registry has none of that number.</summary>
    /// <exception cref="TransientException">The registry does not answer now.</exception>
    /// <exception cref="TerminalException">It refuses, or the schema is none that can be read.</exception>
    public Avro? Find(int schema, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(schema, out var known)) return known;
        using var answer = Ask($"/schemas/ids/{schema}", cancellationToken);
        return _known[schema] = answer is null ? null : Compile(answer.RootElement, $"Schema {schema}", cancellationToken);
    }

    /// <summary>Whether it answers this login.</summary>
    public void Test(CancellationToken cancellationToken)
    {
        using var answer = Ask("/subjects", cancellationToken);
        if (answer?.RootElement.ValueKind is not JsonValueKind.Array) throw new TerminalException($"{_where} is no schema registry: it does not list its subjects.", "Correct schema_registry.");
    }

    private Avro Compile(JsonElement answer, string what, CancellationToken cancellationToken)
    {
        var parts = new List<string>();
        Collect(answer, what, parts, 0, cancellationToken);
        return new Avro($"{what} of {_where}", [.. parts]);
    }

    /// <summary>The schema's text behind those of the types that it takes from elsewhere.</summary>
    private void Collect(JsonElement answer, string what, List<string> parts, int depth, CancellationToken cancellationToken)
    {
        if (depth > DeepestReference) throw new TerminalException($"{what} refers to others {DeepestReference} deep.");
        if (answer.TryGetProperty("schemaType", out var type) && type.GetString() is { } other and not "AVRO")
            throw new TerminalException($"{what} of {_where} is {other}, and value_format is avro.", other == "JSON" ? "Set value_format: json." : "Set value_format: base64.");
        if (!answer.TryGetProperty("schema", out var schema) || schema.GetString() is not { } text) throw new TerminalException($"{_where} answers without a schema for {what}.", "Correct schema_registry.");
        if (answer.TryGetProperty("references", out var references) && references.ValueKind == JsonValueKind.Array)
        {
            foreach (var reference in references.EnumerateArray())
            {
                var (subject, version) = (reference.GetProperty("subject").GetString()!, reference.GetProperty("version").GetInt32());
                using var found = Ask($"/subjects/{Uri.EscapeDataString(subject)}/versions/{version}", cancellationToken) ?? throw new TerminalException($"{what} refers to version {version} of {subject}, which {_where} does not have.");
                Collect(found.RootElement, $"Version {version} of {subject}", parts, depth + 1, cancellationToken);
            }
        }
        if (!parts.Contains(text)) parts.Add(text);
    }

    /// <returns>Null when there is no such thing.</returns>
    private JsonDocument? Ask(string path, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, _where + path);
            using var answer = _http.Send(request, cancellationToken);
            if (answer.StatusCode == HttpStatusCode.NotFound) return null;
            if (answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden) throw new TerminalException($"The schema registry {_where} refuses the login ({(int)answer.StatusCode}).", "Check registry_user and registry_password.");
            if ((int)answer.StatusCode is >= 500 or 429 or 408) throw new TransientException($"The schema registry {_where} answers {(int)answer.StatusCode}.");
            if (!answer.IsSuccessStatusCode) throw new TerminalException($"The schema registry {_where} answers {(int)answer.StatusCode}.", "Correct schema_registry.");
            using var body = answer.Content.ReadAsStream(cancellationToken);
            return JsonDocument.Parse(body);
        }
        catch (JsonException e) { throw new TerminalException($"{_where} is no schema registry: its answer is no JSON.", "Correct schema_registry.", e); }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && e is HttpRequestException or IOException or OperationCanceledException) { throw new TransientException($"The schema registry {_where} does not answer: {e.Message}", inner: e); }
    }

    public void Dispose() => _http.Dispose();
}
