using System.Runtime.InteropServices;
using System.Text;

namespace FlowForge.Plugins.Tests.Servers;

/// <summary>
/// The mock cluster of librdkafka (Debian's librdkafka1), three brokers on free loopback ports, and kcat as the producer: the reference client's own idea of the protocol. It keeps about 5 MB a
/// partition and then forgets the oldest messages, as retention does. It knows no login, no TLS and no transactions: see <c>FakeBroker</c>.
/// </summary>
public sealed unsafe class KafkaServer : IDisposable
{
    private const string Library = "/usr/lib/x86_64-linux-gnu/librdkafka.so.1", Kcat = "/usr/bin/kcat";
    private readonly Lock _gate = new();
    private nint _handle, _client, _cluster;

    public static bool IsInstalled => File.Exists(Library) && File.Exists(Kcat);

    /// <summary>host:port of each broker.</summary>
    public IReadOnlyList<string> Brokers { get; private set; } = [];

    /// <summary>Starts it at the first call.</summary>
    public KafkaServer Start()
    {
        lock (_gate)
        {
            if (_cluster != 0) return this;
            _handle = NativeLibrary.Load(Library);
            var error = stackalloc byte[512];
            _client = ((delegate* unmanaged<int, nint, byte*, nint, nint>)Export("rd_kafka_new"))(0, 0, error, 512);
            _cluster = ((delegate* unmanaged<nint, int, nint>)Export("rd_kafka_mock_cluster_new"))(_client, 3);
            Brokers = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint, nint>)Export("rd_kafka_mock_cluster_bootstraps"))(_cluster))!.Split(',');
            return this;
        }
    }

    /// <summary>A new topic.</summary>
    public string NewTopic(int partitions = 2)
    {
        var name = "t" + Guid.NewGuid().ToString("n")[..12];
        Call(name, (topic, call) => ((delegate* unmanaged<nint, byte*, int, int, int>)call)(_cluster, (byte*)topic, partitions, 1), "rd_kafka_mock_topic_create");
        return name;
    }

    /// <summary>Makes another broker (1 to 3) the leader of a partition.</summary>
    public void MoveLeader(string topic, int partition, int broker) =>
        Call(topic, (name, call) => ((delegate* unmanaged<nint, byte*, int, int, int>)call)(_cluster, (byte*)name, partition, broker), "rd_kafka_mock_partition_set_leader");

    /// <summary>Sends each line as a message, as kcat's options say.</summary>
    public void Produce(string topic, string lines, params string[] options) =>
        ServerProcess.Run(Kcat, ["-P", "-b", string.Join(',', Brokers), "-t", topic, .. options], null, lines);

    private void Call(string text, Func<nint, nint, int> call, string function)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(text + "\0"))
            if (call((nint)name, Export(function)) is not 0 and var error) throw new InvalidOperationException($"{function} failed with {error}.");
    }

    private nint Export(string name) => NativeLibrary.GetExport(_handle, name);

    public void Dispose()
    {
        if (_cluster == 0) return;
        ((delegate* unmanaged<nint, void>)Export("rd_kafka_mock_cluster_destroy"))(_cluster);
        ((delegate* unmanaged<nint, void>)Export("rd_kafka_destroy"))(_client);
        _cluster = 0;
    }
}
