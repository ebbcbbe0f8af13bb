using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using FlowForge.Catalog;
using FlowForge.Pipelines;

namespace FlowForge.Api.Connections;

/// <summary>Secrets that a connection's form has made: their names come from the connection and the setting, and no other secret of a similar name is taken for one.</summary>
internal static class OwnedSecrets
{
    private const int Longest = 200;

    /// <summary>The name under which a setting's text is stored.</summary>
    /// <param name="path"><c>password</c>, <c>headers.X-Api-Key</c>.</param>
    public static string Name(string connection, string path)
    {
        var name = $"{connection}.{path}";
        if (SecretStore.IsName(name)) return name;
        var plain = new string([.. name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '_')]);
        var suffix = "-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 6));
        return plain[..Math.Min(plain.Length, Longest - suffix.Length)] + suffix;
    }

    public static IReadOnlyCollection<string> Of(ConnectionDefinition connection) => Of(connection.Name, connection.Settings);

    /// <summary>Those that the settings refer to in the places that they were made for.</summary>
    public static IReadOnlyCollection<string> Of(string connection, JsonObject settings)
    {
        var owned = new HashSet<string>(StringComparer.Ordinal);
        Walk(settings, "");
        return owned;

        void Walk(JsonNode? node, string path)
        {
            switch (node)
            {
                case JsonObject group:
                    foreach (var (name, value) in group) Walk(value, path.Length == 0 ? name : $"{path}.{name}");
                    break;
                case JsonArray list:
                    for (var i = 0; i < list.Count; i++) Walk(list[i], $"{path}.{i}");
                    break;
                case JsonValue value when value.TryGetValue<string>(out var text) && text == $"${{secret:{Name(connection, path)}}}":
                    owned.Add(Name(connection, path));
                    break;
            }
        }
    }
}
