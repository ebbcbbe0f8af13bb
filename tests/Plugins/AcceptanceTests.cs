using System.Runtime.CompilerServices;
using FlowForge.Plugins.Files;
using FlowForge.Plugins.Testing;

namespace FlowForge.Plugins.Tests;

/// <summary>The acceptance suite, and that it notices what it is there for.</summary>
public sealed class AcceptanceTests : IDisposable
{
    private readonly ConnectorFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task CheckAsync_FileConnector_Passes()
    {
        File.WriteAllText(Path.Combine(_fixture.Folder, "a.csv"), "1");
        File.WriteAllText(Path.Combine(_fixture.Folder, "b.csv"), "");
        await FileSourceAcceptance.CheckAsync(() => new FileConnector(_fixture.Context(new FileSpec { Path = ["*.csv"] })), TestContext.Current.CancellationToken);
        await ConnectorAcceptance.CheckLeaksAsync(() => FileSourceAcceptance.CheckAsync(() => new FileConnector(_fixture.Context(new FileSpec { Path = ["*.csv"] }))));
        await ConnectorAcceptance.CheckRefusalAsync(new FileConnector(_fixture.Context(new FileSpec { Path = ["gone/a.csv"] })), [], TestContext.Current.CancellationToken);
    }

    [Fact]
    public void CheckSpec_ConnectorThatBreaksARule_IsToldWhich()
    {
        Assert.Equal("no_words needs a description, a sentence that ends with a full stop.", Broken<NoWords>());
        Assert.Equal("bare.Count has no description.", Broken<Bare>());
        Assert.Equal("shows.Token sounds like a secret and must be of the type Secret: others show in logs and forms.", Broken<Shows>());
        Assert.Equal("The name \"No-Name\" must be of lower case letters, digits and _.", Broken<NoName>());

        static string Broken<T>() => Assert.Throws<AcceptanceException>(() => ConnectorAcceptance.CheckSpec(typeof(T))).Message;
    }

    [Fact]
    public async Task CheckLeaksAsync_AndCheckRefusalAsync_NoticeWhatTheyAreThereFor()
    {
        var kept = new List<FileStream>();
        var path = Path.Combine(_fixture.Folder, "open");
        File.WriteAllText(path, "x");
        try
        {
            var leak = await Assert.ThrowsAsync<AcceptanceException>(() => ConnectorAcceptance.CheckLeaksAsync(() =>
            {
                // More than the rest of the process opens and closes beside.
                for (var i = 0; i < 20; i++) kept.Add(File.OpenRead(path));
                return Task.CompletedTask;
            }));
            Assert.StartsWith("10 uses leave ", leak.Message, StringComparison.Ordinal);
        }
        finally
        {
            kept.ForEach(f => f.Dispose());
        }
        Assert.Equal("Wrong settings are found to work: fine", (await Assert.ThrowsAsync<AcceptanceException>(() => ConnectorAcceptance.CheckRefusalAsync(new Tested(null), []))).Message);
        Assert.Equal("A refusal shows a secret.", (await Assert.ThrowsAsync<AcceptanceException>(() => ConnectorAcceptance.CheckRefusalAsync(new Tested(new TerminalException("it is canary", "mend it")), ["canary"]))).Message);
        Assert.Equal("A refusal does not say what to do: no", (await Assert.ThrowsAsync<AcceptanceException>(() => ConnectorAcceptance.CheckRefusalAsync(new Tested(new TerminalException("no")), []))).Message);
        Assert.Equal("Wrong settings end in a IOException in place of a TerminalException: broken", (await Assert.ThrowsAsync<AcceptanceException>(() => ConnectorAcceptance.CheckRefusalAsync(new Tested(new IOException("broken")), []))).Message);
    }

    private sealed class Tested(Exception? failure) : ITestConnection
    {
        public Task<string> TestAsync(CancellationToken cancellationToken) => failure is null ? Task.FromResult("fine") : Task.FromException<string>(failure);
    }

    public sealed record BareSpec
    {
        public int Count { get; init; }
    }

    public sealed record ShowsSpec
    {
        [Setting("A token")]
        public string Token { get; init; } = "";
    }

    [Connector("no_words")]
    public sealed class NoWords(ConnectorContext<BareSpec> context) : IConnector { public override string ToString() => context.BaseDirectory; }

    [Connector("bare", Description = "Bare.")]
    public sealed class Bare(ConnectorContext<BareSpec> context) : IConnector { public override string ToString() => context.BaseDirectory; }

    [Connector("shows", Description = "Shows.")]
    public sealed class Shows(ConnectorContext<ShowsSpec> context) : IConnector { public override string ToString() => context.BaseDirectory; }

    [Connector("No-Name", Description = "None.")]
    public sealed class NoName(ConnectorContext<BareSpec> context) : IConnector { public override string ToString() => context.BaseDirectory; }

    [Theory]
    [InlineData("twice", "a is listed 2 times: a path names one file.")]
    [InlineData("size", "a is listed with 99 bytes and has 1.")]
    [InlineData("content", "a has other content when it is opened a second time.")]
    [InlineData("facts", "a has no size, no time and no etag: without any, every run reads it again.")]
    [InlineData("cancel", "Listing goes on although it was cancelled: check the token for each file.")]
    public async Task CheckAsync_SourceThatBreaksARule_IsToldWhich(string fault, string message)
    {
        var failure = await Assert.ThrowsAsync<AcceptanceException>(() => FileSourceAcceptance.CheckAsync(() => new FaultySource(fault), TestContext.Current.CancellationToken));
        Assert.Equal(message, failure.Message);
    }

    private sealed class FaultySource(string fault) : IFileSource
    {
        private int _opened;

        public async IAsyncEnumerable<SourceFile> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            if (fault != "cancel") cancellationToken.ThrowIfCancellationRequested();
            for (var i = 0; i < (fault == "twice" ? 2 : 1); i++)
                yield return new SourceFile
                {
                    Path = "a", Size = fault switch { "size" => 99, "facts" => null, _ => 1 },
                    OpenAsync = _ => ValueTask.FromResult<Stream>(new MemoryStream([(byte)(fault == "content" ? _opened++ : 0)])),
                };
            await Task.CompletedTask;
        }
    }
}
