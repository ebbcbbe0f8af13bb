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
    }

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
