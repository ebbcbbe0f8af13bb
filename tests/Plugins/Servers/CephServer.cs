using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;
using Amazon.S3;

namespace FlowForge.Plugins.Tests.Servers;

/// <summary>
/// A real S3 service: Ceph's gateway over a monitor and one store in memory, on free loopback ports; one a test program. It checks signatures and knows conditional puts. It ends
/// with the program that started it, however that ends.
/// </summary>
public sealed class CephServer : IDisposable
{
    public const string AccessKey = "FLOWFORGETESTKEY";
    public const string SecretKey = "flowforge-test-secret";

    private readonly Lock _gate = new();
    private Process? _process;
    private Uri? _endpoint;

    public static bool IsInstalled => File.Exists("/usr/bin/radosgw") && File.Exists("/usr/bin/ceph-mon") && File.Exists("/usr/bin/ceph-osd");

    /// <summary>Its address.</summary>
    public Uri Endpoint => _endpoint ?? throw new InvalidOperationException("It is not started.");

    /// <summary>A client of its administrator, with nothing of FlowForge in it.</summary>
    public AmazonS3Client Client() => new(new BasicAWSCredentials(AccessKey, SecretKey), new AmazonS3Config
    {
        ServiceURL = Endpoint.AbsoluteUri, AuthenticationRegion = "us-east-1", ForcePathStyle = true,
        RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED, ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
    });

    public CephServer Ready()
    {
        ReadyServers.Need(IsInstalled, "Ceph's S3 gateway", "radosgw ceph-mon ceph-osd");
        lock (_gate)
        {
            // Another program can take a port between its choice and its use.
            for (var attempt = 0; _endpoint is null; attempt++) Start(attempt == 4);
            return this;
        }
    }

    private void Start(bool last)
    {
        var folder = Path.Combine(Path.GetTempPath(), $"flowforge-ceph-{Guid.NewGuid():n}");
        Directory.CreateDirectory(folder);
        var (monitor, gateway) = (FreePort.Take(), FreePort.Take());
        File.WriteAllText(Path.Combine(folder, "ceph.conf"), Configuration(folder, monitor, gateway));
        File.WriteAllText(Path.Combine(folder, "run.sh"), Script(folder, monitor, gateway));
        _process = ServerProcess.Start("bash", [Path.Combine(folder, "run.sh")]);
        _ = _process.StandardError.ReadToEndAsync();
        var line = _process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(120)).GetAwaiter().GetResult();
        if (line == "ready") _endpoint = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{gateway}/"));
        else if (last) throw new InvalidOperationException($"Ceph's gateway did not start: {line ?? "it ended"}.");
        else Stop();
    }

    // The script waits for the end of its input and then ends what it started.
    private static string Script(string folder, int monitor, int gateway) => $$"""
        D={{folder}}; C="-c $D/ceph.conf"; exec 3>&1 >$D/out 2>&1
        end() { kill -9 $MON $OSD $RGW; wait; rm -rf $D; exit; }
        trap end EXIT
        FSID=$(sed -n 's/^fsid = //p' $D/ceph.conf); U=$(cat /proc/sys/kernel/random/uuid)
        mkdir -p $D/mon $D/osd
        monmaptool --create --fsid $FSID --addv a "[v1:127.0.0.1:{{monitor}}]" $D/monmap && ceph-mon $C --id a --mkfs --monmap $D/monmap || exit
        ceph-mon $C --id a -f & MON=$!
        ceph-osd $C --id 0 --mkfs --no-mon-config --osd-uuid $U || exit
        timeout 60 ceph $C osd new $U || exit
        ceph-osd $C --id 0 -f & OSD=$!
        timeout 60 ceph $C osd crush add osd.0 1.0 host=localhost root=default || exit
        timeout 60 radosgw-admin $C user create --uid=tests --display-name=tests --access-key={{AccessKey}} --secret-key={{SecretKey}} || exit
        radosgw $C --no-mon-config -n client.a -f & RGW=$!
        for i in $(seq 600); do kill -0 $RGW || exit; (echo >/dev/tcp/127.0.0.1/{{gateway}}) && break; sleep 0.1; done
        echo ready >&3
        cat >/dev/null
        """;

    private static string Configuration(string folder, int monitor, int gateway) => $"""
        [global]
        fsid = {Guid.NewGuid()}
        mon host = [v1:127.0.0.1:{monitor}]
        mon initial members = a
        auth cluster required = none
        auth service required = none
        auth client required = none
        public network = 127.0.0.0/8
        cluster network = 127.0.0.0/8
        ms bind ipv6 = false
        ms bind msgr2 = false
        ms bind port min = 20000
        ms bind port max = 31000
        run dir = {folder}
        admin socket =
        log file =
        log to stderr = false
        err to stderr = true
        paxos propose interval = 0.05
        paxos min wait = 0.02
        osd pool default size = 1
        osd pool default min size = 1
        osd pool default pg num = 1
        osd pool default pgp num = 1
        osd pool default pg autoscale mode = off
        osd crush chooseleaf type = 0
        mon allow pool size one = true
        [mon.a]
        mon data = {folder}/mon
        public addr = v1:127.0.0.1:{monitor}
        [osd]
        osd data = {folder}/osd
        osd objectstore = memstore
        memstore device bytes = 4294967296
        [client]
        rgw frontends = beast endpoint=127.0.0.1:{gateway}
        rgw data = {folder}/rgw
        rgw dynamic resharding = false
        rgw thread pool size = 64

        """;

    private void Stop()
    {
        if (_process is null) return;
        _process.StandardInput.Close();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(10))) _process.Kill(entireProcessTree: true);
        _process.Dispose();
        _process = null;
    }

    public void Dispose() => Stop();
}
