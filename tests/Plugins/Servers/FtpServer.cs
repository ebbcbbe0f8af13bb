using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace FlowForge.Plugins.Tests.Servers;

/// <summary>Real FTP servers (vsftpd) on free loopback ports, one a kind of protection, over one folder; they let "anonymous" in. Data connections must continue the TLS session.</summary>
public sealed class FtpServer : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (Process Process, int Port)> _servers = [];
    private X509Certificate2? _certificate;

    public static bool IsInstalled => File.Exists("/usr/sbin/vsftpd");

    /// <summary>Where a login begins.</summary>
    public string Folder { get; } = Path.Combine(Path.GetTempPath(), $"flowforge-ftp-{Guid.NewGuid():n}", "root");

    public string CertificatePem => _certificate!.ExportCertificatePem();

    public string Fingerprint => _certificate!.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant();

    /// <param name="protection">explicit, implicit or none.</param>
    /// <returns>The port.</returns>
    public int Ready(string protection = "explicit")
    {
        ReadyServers.Need(IsInstalled, "An FTP server", "vsftpd");
        lock (_gate)
        {
            if (_certificate is null) Prepare();
            for (var attempt = 0; !_servers.ContainsKey(protection); attempt++) Start(protection, last: attempt == 4);
            return _servers[protection].Port;
        }
    }

    /// <summary>Ends the open sessions of a server, as a network does that fails.</summary>
    public void Break(string protection = "explicit") => ServerProcess.Run("pkill", ["-9", "-P", _servers[protection].Process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);

    private void Prepare()
    {
        Directory.CreateDirectory(Folder);
        Directory.CreateDirectory(Path.Combine(Folder, "..", "empty"));
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        File.WriteAllText(Path.Combine(Folder, "..", "certificate.pem"), CertificatePem);
        File.WriteAllText(Path.Combine(Folder, "..", "key.pem"), key.ExportPkcs8PrivateKeyPem());
    }

    private void Start(string protection, bool last)
    {
        var port = FreePort.Take();
        var above = Path.GetFullPath(Path.Combine(Folder, ".."));
        var file = Path.Combine(above, $"{protection}.conf");
        File.WriteAllText(file, $"""
            listen=YES
            listen_address=127.0.0.1
            listen_port={port}
            background=NO
            run_as_launching_user=YES
            seccomp_sandbox=NO
            anonymous_enable=YES
            local_enable=NO
            anon_root={Folder}
            write_enable=YES
            anon_upload_enable=YES
            anon_mkdir_write_enable=YES
            anon_other_write_enable=YES
            anon_world_readable_only=NO
            pasv_min_port=20000
            pasv_max_port=31000
            xferlog_enable=NO
            secure_chroot_dir={above}/empty

            """ + (protection == "none" ? "" : $"""
            ssl_enable=YES
            implicit_ssl={(protection == "implicit" ? "YES" : "NO")}
            allow_anon_ssl=YES
            force_anon_logins_ssl=YES
            force_anon_data_ssl=YES
            require_ssl_reuse=YES
            ssl_ciphers=HIGH
            rsa_cert_file={above}/certificate.pem
            rsa_private_key_file={above}/key.pem

            """));
        var process = ServerProcess.Start("/usr/sbin/vsftpd", [file]);
        for (var tries = 0; tries < 600 && !process.HasExited; tries++)
        {
            try
            {
                using var client = new TcpClient("127.0.0.1", port);
                _servers[protection] = (process, port);
                return;
            }
            catch (SocketException)
            {
                Thread.Sleep(50);
            }
        }
        if (last) throw new InvalidOperationException($"vsftpd did not start: {(process.HasExited ? process.StandardOutput.ReadToEnd() : "no answer")}");
        process.Kill();
    }

    public void Dispose()
    {
        foreach (var (process, _) in _servers.Values)
        {
            process.Kill(entireProcessTree: true);
            process.Dispose();
        }
        if (_certificate is not null) Directory.Delete(Path.Combine(Folder, ".."), recursive: true);
        _certificate?.Dispose();
    }
}
