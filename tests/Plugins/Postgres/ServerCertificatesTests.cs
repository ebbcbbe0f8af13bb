using FlowForge.Plugins.Postgres;
using FlowForge.Plugins.Postgres.Changes;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Plugins.Tests.Postgres;

/// <summary>What postgres and postgres_cdc tell of a server's certificate: against a real server with encryption, and the one without.</summary>
public sealed class ServerCertificatesTests(PostgresServer plain) : IDisposable
{
    private readonly ConnectorFixture _fixture = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _fixture.Dispose();

    private PostgresConnector Open(PostgresSpec spec) => new(_fixture.Context(spec));

    private static PostgresSpec Spec(PostgresServer server) =>
        new() { Host = "localhost", Port = server.Port, Database = "postgres", User = PostgresServer.User, Password = new Secret(PostgresServer.Password) };

    [Fact]
    public async Task HealthAsync_Encrypted_TellsHowLongTheCertificateLasts_WithoutALogin()
    {
        using var authority = new TestAuthority();
        File.WriteAllText(Path.Combine(_fixture.Folder, "ca.pem"), authority.Pem);
        var folder = ServerProcess.Folder("postgres-tls", "postgres");
        try
        {
            var (certificate, key) = authority.Write(folder, "localhost");
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(key, UnixFileMode.UserRead);
            if (Environment.UserName == "root") ServerProcess.Run("chown", ["postgres", certificate, key]);
            using var server = new PostgresServer();
            server.Ready("ssl=on", "ssl_cert_file=" + certificate, "ssl_key_file=" + key);
            var spec = Spec(server);
            using (var trusting = Open(spec with { SslMode = SslUse.VerifyFull, SslRootCertificate = "ca.pem" })) Assert.StartsWith("PostgreSQL ", await trusting.TestAsync(Stop), StringComparison.Ordinal);
            // Nobody has to be let in, nor to trust it: under each name the server is asked anew.
            foreach (var each in new[] { spec with { Password = new Secret("wrong") }, spec with { Host = "127.0.0.1", SslMode = SslUse.VerifyFull }, spec with { Host = $"{_fixture.Folder}, 127.0.0.1:{server.Port}", Port = 1, SslMode = SslUse.Require } })
            {
                using var connector = Open(each);
                TellsADay(Assert.Single(await connector.HealthAsync(Stop)));
            }
            using (var plainly = Open(spec with { SslMode = SslUse.Disable })) Assert.Empty(await plainly.HealthAsync(Stop));
            using var changes = new ChangesConnector(_fixture.Context(new ChangesSpec { Host = "localhost", Port = server.Port, Database = "postgres", User = PostgresServer.User, Password = new Secret(PostgresServer.Password), SslMode = SslUse.Require }));
            TellsADay(Assert.Single(await changes.HealthAsync(Stop)));
            var log = File.ReadAllText(server.Folder + "/log");
            foreach (var complaint in new[] { "FATAL", "could not accept SSL connection", "incomplete startup packet", "invalid length" }) Assert.DoesNotContain(complaint, log, StringComparison.Ordinal);
        }
        finally { Directory.Delete(folder, recursive: true); }

        static void TellsADay(HealthFact fact)
        {
            Assert.Equal(("certificate ends in", "days"), (fact.Name, fact.Unit));
            Assert.InRange(fact.Value, 0.9, 1);
        }
    }

    [Fact]
    public async Task HealthAsync_NoEncryptionOrNobodyThere_TellsNothing()
    {
        var spec = Spec(plain.Ready());
        foreach (var each in new[] { spec, spec with { SslMode = SslUse.Require }, spec with { Host = plain.Folder }, spec with { Port = 1 } })
        {
            using var connector = Open(each);
            Assert.Empty(await connector.HealthAsync(Stop));
        }
    }
}
