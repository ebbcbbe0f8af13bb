using System.Text;

namespace FlowForge.Catalog.Tests;

public sealed class SecretStoreTests : IDisposable
{
    private const string Value = "pa$$word-ünïcode-4711";
    private readonly TemporaryCatalog _catalog = new();

    private string KeyFile => Path.Combine(_catalog.Folder, "secrets.key");

    public void Dispose() => _catalog.Dispose();

    private SecretStore Open() => new(_catalog.Database, SecretKeys.Load(KeyFile));

    [Fact]
    public void Put_Value_ComesBackAfterRestartAndChanges()
    {
        Open().Put("shop.password", Value);
        Assert.Equal(Value, Open().Reveal("shop.password"));
        Open().Put("shop.password", "other");
        Assert.Equal("other", Open().Reveal("shop.password"));
        Assert.Equal(["shop.password"], Open().List().Select(s => s.Name));
        Assert.Null(Open().Reveal("none"));
        Assert.True(Open().Delete("shop.password"));
        Assert.False(Open().Delete("shop.password"));
    }

    [Fact]
    public void Put_Value_IsNowhereInTheFilesAndTheKeyIsPrivate()
    {
        Open().Put("shop", Value);
        _catalog.Database.Dispose();
        foreach (var file in Directory.GetFiles(_catalog.Folder, "*", SearchOption.AllDirectories))
            Assert.True(File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(Value)) < 0, file);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
    }

    [Fact]
    public void RotateKey_Secrets_StayReadableAndTheOldKeyIsGone()
    {
        var store = Open();
        store.Put("a", "one");
        store.Put("b", "two");
        var before = File.ReadAllText(KeyFile);
        Assert.Equal(2, store.RotateKey());
        Assert.DoesNotContain(before.Trim(), File.ReadAllText(KeyFile), StringComparison.Ordinal);
        Assert.Equal(("one", "two"), (Open().Reveal("a"), Open().Reveal("b")));
    }

    [Fact]
    public async Task RotateKey_ManyAtOnceBesideWriters_LosesNoSecret()
    {
        Open().Put("a", "one");
        // Each store has read the keys by itself, as each process does.
        var stores = Enumerable.Range(0, 6).Select(_ => Open()).ToList();
        await Task.WhenAll(stores.Select((store, i) => Task.Run(() =>
        {
            for (var n = 0; n < 5; n++)
            {
                if (i % 2 == 0) Assert.InRange(store.RotateKey(), 1, 4);
                else store.Put("by" + i, $"value {n}");
                Assert.Equal("one", store.Reveal("a"));
            }
        })));
        Assert.All(stores.Append(Open()), s => Assert.Equal(("one", "value 4", "value 4", "value 4"), (s.Reveal("a"), s.Reveal("by1"), s.Reveal("by3"), s.Reveal("by5"))));
        Assert.Equal(4, Open().RotateKey());
        Assert.Single(File.ReadAllLines(KeyFile));
    }

    [Fact]
    public void RotateKey_ByAnotherProcess_IsNoticed()
    {
        var (here, there) = (Open(), Open());
        here.Put("a", "one");
        there.RotateKey();
        Assert.Equal("one", here.Reveal("a"));
        there.RotateKey();
        here.Put("b", "two");
        there.RotateKey();
        Assert.Equal(("one", "two"), (Open().Reveal("a"), Open().Reveal("b")));
        Assert.Equal(2, here.RotateKey());
        Assert.Equal("two", there.Reveal("b"));
    }

    [Fact]
    public void Reveal_AfterAKillBetweenNewKeyAndEncryption_FindsTheOldKey()
    {
        Open().Put("a", "one");
        // As RotateKey leaves the file when it is killed after its first step.
        File.WriteAllText(KeyFile, Convert.ToBase64String(new byte[32]) + "\n" + File.ReadAllText(KeyFile));
        var store = Open();
        Assert.Equal("one", store.Reveal("a"));
        Assert.Equal(1, store.RotateKey());
        Assert.Equal("one", Open().Reveal("a"));
        Assert.Single(File.ReadAllLines(KeyFile));
    }

    [Fact]
    public void Reveal_LostKey_SaysWhichAndWhatToDo()
    {
        Open().Put("a", "one");
        File.Delete(KeyFile);
        Assert.Equal($"The secret 'a' was encrypted with a key that is not in {KeyFile}. Bring the key back, or enter the secret again.", Assert.Throws<CatalogException>(() => Open().Reveal("a")).Message);
    }

    [Fact]
    public void Load_FileThatOthersCanRead_IsRefused()
    {
        if (OperatingSystem.IsWindows()) return;
        Open();
        File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.Equal($"The key file {KeyFile} can be read by other users. Take their rights away (chmod 600), and renew the key with 'flowforge secrets rotate-key'.", Assert.Throws<CatalogException>(Open).Message);
    }

    [Fact]
    public void Load_FileThatHoldsNoKey_SaysWhatIsNeeded()
    {
        Open();
        File.WriteAllText(KeyFile, "c2hvcnQ=");
        Assert.Equal($"{KeyFile} holds no key for secrets: base64 of 32 bytes is needed. Make one with 'openssl rand -base64 32'; without the old key the stored secrets must be entered again.", Assert.Throws<CatalogException>(Open).Message);
    }

    [Fact]
    public void Put_SameValueTwice_IsEncryptedDifferently_AndABoxFitsItsNameAlone()
    {
        var store = Open();
        store.Put("a", "same");
        store.Put("b", "same");
        using (var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={_catalog.Path}"))
        {
            connection.Open();
            using var swap = connection.CreateCommand();
            swap.CommandText = "UPDATE secrets SET box = (SELECT box FROM secrets WHERE name = 'a') WHERE name = 'b'";
            Assert.Equal(1, swap.ExecuteNonQuery());
        }
        Assert.Equal("The secret 'b' cannot be decrypted: the catalog was changed by another program. Enter the secret again.", Assert.Throws<CatalogException>(() => store.Reveal("b")).Message);
    }
}
