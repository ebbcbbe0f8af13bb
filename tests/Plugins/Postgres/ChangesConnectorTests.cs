using System.Diagnostics;
using FlowForge.Columnar;
using FlowForge.Plugins.Postgres.Changes;
using FlowForge.Plugins.Testing;
using FlowForge.Plugins.Tests.Servers;

namespace FlowForge.Plugins.Tests.Postgres;

/// <summary>Change capture against a real server.</summary>
public sealed class ChangesConnectorTests : IDisposable
{
    private readonly ConnectorFixture _fixture = new();
    private readonly PostgresServer _server;
    private readonly string _database;

    public ChangesConnectorTests(PostgresServer server)
    {
        _server = server.Ready();
        _database = server.NewDatabase();
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _server.Sql($"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = '{_database}' AND NOT active", _database);
        _fixture.Dispose();
    }

    private ChangesConnector Open(Func<ChangesSpec, ChangesSpec>? change = null, string? job = null)
    {
        var spec = new ChangesSpec { Host = PostgresServer.Host, Port = _server.Port, Database = _database, User = PostgresServer.User, Password = new Secret(PostgresServer.Password), TableName = "t" };
        var given = _fixture.Context((change ?? (s => s))(spec));
        return new ChangesConnector(new ConnectorContext<ChangesSpec> { Settings = given.Settings, BaseDirectory = given.BaseDirectory, AllowedRoots = given.AllowedRoots, Log = given.Log, Activities = given.Activities, Meter = given.Meter, Job = job });
    }

    private string Sql(string sql) => _server.Sql(sql, _database);

    /// <summary>One run: the rows as text, operation first, and the cursor that would be committed.</summary>
    private async Task<(List<string> Rows, string? Cursor)> RunAsync(string? cursor, bool commit = true, Func<ChangesSpec, ChangesSpec>? change = null, string? job = null)
    {
        var rows = new List<string>();
        string? reached = null;
        using var connector = Open(change, job);
        var schema = await connector.SchemaAsync(new ReadRequest { Cursor = cursor }, Stop);
        await foreach (var batch in connector.ReadAsync(new ReadRequest { Cursor = cursor }, Stop))
        {
            using var owned = batch.Rows;
            Assert.Equal(schema, owned.Schema);
            for (var i = 0; i < owned.Length; i++)
                rows.Add($"{owned.Arrays[^1].GetObject(i)} {string.Join('|', owned.Arrays.Take(owned.ColumnCount - 1).Select(a => a.GetObject(i)))}");
            reached = batch.Cursor ?? reached;
        }
        if (commit) await Open(change).CommittedAsync([], reached, Stop);
        return (rows, reached);
    }

    [Fact]
    public async Task ReadAsync_SnapshotThenChanges_GivesEachOnceInOrder()
    {
        Sql("CREATE TABLE t (id int PRIMARY KEY, v text, n numeric(8,2)); INSERT INTO t VALUES (1, 'a', 1.50), (2, 'b', NULL)");
        var first = await RunAsync(null);
        Assert.Equal(["i 1|a|1.50", "i 2|b|"], first.Rows.Order());
        Sql("INSERT INTO t VALUES (3, 'c', -0.01); UPDATE t SET v = 'B' WHERE id = 2; UPDATE t SET id = 10 WHERE id = 1; DELETE FROM t WHERE id = 3; BEGIN; INSERT INTO t VALUES (4, 'never', 0); ROLLBACK");
        var second = await RunAsync(first.Cursor);
        Assert.Equal(["i 3|c|-0.01", "u 2|B|", "d 1||", "i 10|a|1.50", "d 3||"], second.Rows);
        Sql("TRUNCATE t; INSERT INTO t VALUES (5, 'new', 5)");
        // Not committed: the same comes again.
        Assert.Equal(["t ||", "i 5|new|5.00"], (await RunAsync(second.Cursor, commit: false)).Rows);
        var third = await RunAsync(second.Cursor);
        Assert.Equal(["t ||", "i 5|new|5.00"], third.Rows);
        var quiet = await RunAsync(third.Cursor);
        Assert.Empty(quiet.Rows);
        Assert.NotEqual(third.Cursor, quiet.Cursor);
    }

    [Fact]
    public async Task ReadAsync_WritersAtWork_LosesAndDoublesNothing()
    {
        Sql("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t SELECT i, 0 FROM generate_series(1, 20000) i; CREATE PROCEDURE work() LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..300 LOOP INSERT INTO t VALUES (20000 + i, 0); UPDATE t SET v = v + 1 WHERE id % 500 = i % 500; DELETE FROM t WHERE id = i * 7; COMMIT; END LOOP; END $$");
        var writing = Task.Run(() => Sql("CALL work()"), Stop);
        var state = new Dictionary<string, string>();
        string? cursor = null;
        var ended = false;
        for (var run = 0; !ended; run++)
        {
            ended = writing.IsCompleted;
            // Every second run dies before its commit, and is repeated.
            var (rows, reached) = await RunAsync(cursor, commit: run % 2 == 0);
            if (run % 2 == 1) { ended = false; continue; }
            foreach (var row in rows)
            {
                var fields = row[2..].Split('|');
                if (row[0] == 'd') Assert.True(state.Remove(fields[0]), "A delete of a row that was never there.");
                else if (row[0] == 'i') Assert.True(state.TryAdd(fields[0], fields[1]), $"{row} comes twice.");
                else
                {
                    Assert.True(state.ContainsKey(fields[0]), $"{row} of a row that was never there.");
                    state[fields[0]] = fields[1];
                }
            }
            cursor = reached;
        }
        await writing;
        Assert.Equal(Sql("SELECT count(*) || ' ' || sum(v) || ' ' || sum(id::bigint * v) FROM t"),
            $"{state.Count} {state.Sum(s => long.Parse(s.Value))} {state.Sum(s => long.Parse(s.Key) * long.Parse(s.Value))}");
    }

    // The server tells the columns of then: by their names alone a renamed one would be emptied, and two that swapped names crossed.
    [Theory]
    [InlineData("ALTER TABLE t RENAME b TO z", "the changes that come now were made when it had a column b and none called z: it was renamed or replaced.")]
    [InlineData("ALTER TABLE t RENAME a TO z", "the changes that come now were made when it had a column a and none called z: it was renamed or replaced.")]
    [InlineData("ALTER TABLE t RENAME a TO x; ALTER TABLE t RENAME b TO a; ALTER TABLE t RENAME x TO b", "columns b and a stood the other way round when the changes that come now were made: names were given to other columns.")]
    [InlineData("ALTER TABLE t RENAME b TO z; ALTER TABLE t ADD COLUMN b int", "the changes that come now lack column z, which is no new one: it was renamed, or the publication leaves it out.")]
    [InlineData("ALTER TABLE t DROP COLUMN b; ALTER TABLE t ADD COLUMN z int", "the changes that come now were made when it had a column b and none called z: it was renamed or replaced.")]
    public async Task ReadAsync_ChangesFromBeforeARename_AreRefused(string alter, string message)
    {
        Sql("CREATE TABLE t (id int PRIMARY KEY, gone int, a int, b int); ALTER TABLE t DROP COLUMN gone; INSERT INTO t VALUES (1, 2, 3)");
        var first = await RunAsync(null);
        Sql($"UPDATE t SET a = 5; {alter}");
        var failure = await Assert.ThrowsAsync<TerminalException>(() => RunAsync(first.Cursor));
        Assert.Equal(("public.t: " + message, "Reset the job's watermark: the next run takes a new snapshot."), (failure.Message, failure.Suggestion));
    }

    [Fact]
    public async Task ReadAsync_RenamesBetweenReads_AndThoseOfColumnsThatAreNotRead_ChangeNothing()
    {
        Sql("CREATE TABLE t (id int PRIMARY KEY, secret text, a int, old int); INSERT INTO t VALUES (1, 's', 2, 3)");
        var first = await RunAsync(null, change: s => s with { ExcludeColumns = ["secret"] });
        Sql("ALTER TABLE t RENAME a TO b; UPDATE t SET b = 5; ALTER TABLE t RENAME secret TO hidden; ALTER TABLE t DROP COLUMN old; ALTER TABLE t ADD COLUMN more date; UPDATE t SET b = 6");
        Assert.Equal(["u 1|5|", "u 1|6|"], (await RunAsync(first.Cursor, change: s => s with { ExcludeColumns = ["hidden"] })).Rows);
    }

    [Fact]
    public async Task ReadAsync_AlteredTable_GivesOldChangesTheColumnsOfNow()
    {
        Sql("CREATE TABLE t (id int PRIMARY KEY, v varchar(9), gone int)");
        var first = await RunAsync(null);
        Assert.Empty(first.Rows);
        Sql("INSERT INTO t VALUES (1, 'a', 7); ALTER TABLE t ADD COLUMN more date; INSERT INTO t VALUES (2, 'b', 8, '2024-01-01'); ALTER TABLE t DROP COLUMN gone; ALTER TABLE t ALTER COLUMN id TYPE bigint; INSERT INTO t VALUES (30000000000, 'c', NULL); ALTER TABLE t ALTER COLUMN v TYPE text; UPDATE t SET v = 'z' WHERE id = 2");
        var second = await RunAsync(first.Cursor);
        // A rewrite of the table tells its rows again only to itself.
        Assert.Equal(["i 1|a|", $"i 2|b|{new DateOnly(2024, 1, 1)}", "i 30000000000|c|", $"u 2|z|{new DateOnly(2024, 1, 1)}"], second.Rows);
        Sql("INSERT INTO t VALUES (5, 'x'); ALTER TABLE t ALTER COLUMN v TYPE int USING 0");
        var failure = await Assert.ThrowsAsync<TerminalException>(() => RunAsync(second.Cursor));
        Assert.Equal("Column v of public.t had another type when the changes that come now were made.", failure.Message);
        Assert.Equal("Reset the job's watermark: the next run takes a new snapshot.", failure.Suggestion);
    }

    [Fact]
    public async Task ReadAsync_LongValuesLeftOut_AreTheTables()
    {
        Sql("CREATE TABLE t (id uuid PRIMARY KEY, big text, n int); ALTER TABLE t ALTER COLUMN big SET STORAGE EXTERNAL; INSERT INTO t VALUES ('00112233-4455-6677-8899-aabbccddeeff', repeat('long', 5000), 0)");
        var first = await RunAsync(null);
        Sql("UPDATE t SET n = 1");
        var second = await RunAsync(first.Cursor);
        Assert.Equal($"u 00112233-4455-6677-8899-aabbccddeeff|{string.Concat(Enumerable.Repeat("long", 5000))}|1", Assert.Single(second.Rows));
        Assert.Contains(_fixture.Lines, l => l.Contains("REPLICA IDENTITY FULL", StringComparison.Ordinal));
        Sql("ALTER TABLE t REPLICA IDENTITY FULL; UPDATE t SET n = 2; DELETE FROM t");
        var third = await RunAsync(second.Cursor);
        Assert.Equal(3, third.Rows.Count);
        Assert.All(third.Rows, r => Assert.Contains("longlonglong", r, StringComparison.Ordinal));
        Assert.Equal("did", string.Concat(third.Rows.Select(r => r[0])));
    }

    [Fact]
    public async Task ReadAsync_FullIdentityWithoutKey_TellsOldAndNewRow()
    {
        Sql("CREATE TABLE t (a int, b int); ALTER TABLE t REPLICA IDENTITY FULL; INSERT INTO t VALUES (1, 1)");
        var first = await RunAsync(null);
        Sql("UPDATE t SET b = 2");
        Assert.Equal(["d 1|1", "i 1|2"], (await RunAsync(first.Cursor)).Rows);
    }

    [Fact]
    public async Task ReadAsync_FullIdentityBesideAKey_TellsOldAndNewRowWhereAnotherKeyMayHaveChanged()
    {
        Sql("CREATE TABLE t (id int PRIMARY KEY, code text, x float8); ALTER TABLE t REPLICA IDENTITY FULL; INSERT INTO t VALUES (1, 'a', 1)");
        var first = await RunAsync(null);
        Sql("UPDATE t SET x = 2; UPDATE t SET code = 'b'; UPDATE t SET code = NULL");
        Assert.Equal(["u 1|a|2", "d 1|a|2", "i 1|b|2", "d 1|b|2", "i 1||2"], (await RunAsync(first.Cursor)).Rows);
    }

    [Theory]
    [InlineData("CREATE TABLE t (id int, code text NOT NULL, big text)")]
    [InlineData("CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL, big text)")]
    public async Task ReadAsync_IdentityOfAnIndex_IsTheKey(string create)
    {
        Sql($"{create}; ALTER TABLE t ALTER COLUMN big SET STORAGE EXTERNAL; CREATE UNIQUE INDEX t_code ON t (code) INCLUDE (id); ALTER TABLE t REPLICA IDENTITY USING INDEX t_code; INSERT INTO t VALUES (1, 'a', repeat('long', 5000)), (2, 'b', 'x')");
        var first = await RunAsync(null);
        Sql("UPDATE t SET id = 7 WHERE code = 'a'; UPDATE t SET code = 'c' WHERE code = 'b'; DELETE FROM t WHERE code = 'c'");
        Assert.Equal([$"u 7|a|{string.Concat(Enumerable.Repeat("long", 5000))}", "d |b|", "i 2|c|x", "d |c|"], (await RunAsync(first.Cursor)).Rows);
    }

    [Fact]
    public async Task ReadAsync_PartitionedTable_IsOneStream()
    {
        Sql("CREATE TABLE t (id int PRIMARY KEY, v int) PARTITION BY RANGE (id); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10); CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (10) TO (20); INSERT INTO t VALUES (1, 1), (11, 1)");
        var first = await RunAsync(null);
        Assert.Equal(["i 11|1", "i 1|1"], first.Rows.Order(StringComparer.Ordinal));
        Sql("UPDATE t SET id = 12 WHERE id = 1; UPDATE t SET v = 5 WHERE id = 11");
        Assert.Equal(["d 1|", "i 12|1", "u 11|5"], (await RunAsync(first.Cursor)).Rows);
    }

    // The server asks each partition for its replica identity, and not the table: published without it, the source's own updates fail.
    [Theory]
    [InlineData("id int", "ALTER TABLE t1 REPLICA IDENTITY FULL", "public.t has no primary key and no other replica identity: its updates and deletes cannot be told.",
        "Run: ALTER TABLE \"public\".\"t\" REPLICA IDENTITY FULL; ALTER TABLE \"public\".\"t2\" REPLICA IDENTITY FULL")]
    [InlineData("id int", "ALTER TABLE t REPLICA IDENTITY FULL; ALTER TABLE t2 REPLICA IDENTITY FULL", "public.t: partition public.t1 has no primary key and no other replica identity, which the server asks of each partition: its updates and deletes cannot be told.",
        "Run: ALTER TABLE \"public\".\"t1\" REPLICA IDENTITY FULL")]
    [InlineData("id int PRIMARY KEY", "ALTER TABLE t2 REPLICA IDENTITY NOTHING", "public.t: partition public.t2 has no primary key and no other replica identity, which the server asks of each partition: its updates and deletes cannot be told.",
        "Run: ALTER TABLE \"public\".\"t2\" REPLICA IDENTITY FULL")]
    [InlineData("id int PRIMARY KEY", "ALTER TABLE t REPLICA IDENTITY FULL", "public.t: of a changed row partition public.t1 tells id, and so does another one, where the table tells the whole row. The replica identity of each partition is its own.",
        "Run: ALTER TABLE \"public\".\"t1\" REPLICA IDENTITY FULL; ALTER TABLE \"public\".\"t2\" REPLICA IDENTITY FULL; then reset the job's watermark, for the changes until then lack the rest: the next run takes a new snapshot.")]
    public async Task ReadAsync_PartitionsThatTellLessThanTheTable_AreRefusedBeforeAnythingIsMade(string column, string identity, string message, string suggestion)
    {
        Sql($"CREATE TABLE t ({column}, v int) PARTITION BY RANGE (id); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10); CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (10) TO (20); INSERT INTO t VALUES (1, 1), (11, 1); {identity}");
        var failure = await Assert.ThrowsAsync<TerminalException>(() => RunAsync(null));
        Assert.Equal((message, suggestion), (failure.Message, failure.Suggestion));
        Assert.Equal("0 0", Sql($"SELECT (SELECT count(*) FROM pg_publication) || ' ' || (SELECT count(*) FROM pg_replication_slots WHERE database = '{_database}')"));

        // The advice is enough.
        Sql(suggestion["Run: ".Length..].Split("; then")[0]);
        var first = await RunAsync(null);
        Assert.Equal(["i 11|1", "i 1|1"], first.Rows.Order(StringComparer.Ordinal));
        Sql("UPDATE t SET v = 2 WHERE id = 1; DELETE FROM t WHERE id = 11");
        var changes = (await RunAsync(first.Cursor)).Rows;
        Assert.Equal("d 11|1", changes[^1]);
        Assert.Equal("1|2", changes[^2][2..]);

        // A partition that comes later has an identity of its own, too.
        Sql("CREATE TABLE t3 PARTITION OF t FOR VALUES FROM (20) TO (30)");
        Sql("ALTER TABLE t3 REPLICA IDENTITY NOTHING");
        Assert.Equal(("public.t: partition public.t3 has no primary key and no other replica identity, which the server asks of each partition: its updates and deletes cannot be told.", "Run: ALTER TABLE \"public\".\"t3\" REPLICA IDENTITY FULL"),
            await Assert.ThrowsAsync<TerminalException>(() => RunAsync(first.Cursor)) is var later ? (later.Message, later.Suggestion) : default);
    }

    [Fact]
    public async Task ReadAsync_WhatCannotBeRead_IsRefusedBeforeAnythingIsMade()
    {
        Sql("CREATE TABLE t (a int); CREATE VIEW v AS SELECT 1 AS x; CREATE TABLE r (id int PRIMARY KEY, i inet); CREATE TABLE d (id int PRIMARY KEY DEFERRABLE)");
        await FailsAsync(null, "public.t has no primary key and no other replica identity: its updates and deletes cannot be told.", "Run: ALTER TABLE \"public\".\"t\" REPLICA IDENTITY FULL");
        await FailsAsync(s => s with { TableName = "d" }, "public.d has no primary key and no other replica identity: its updates and deletes cannot be told.", "Run: ALTER TABLE \"public\".\"d\" REPLICA IDENTITY FULL");
        await FailsAsync(s => s with { TableName = "v" }, "public.v is not a table: it has no changes of its own.", "Name the table behind it.");
        await FailsAsync(s => s with { TableName = "r" }, "public.r: the changes of column i cannot be read: its type has no form here that does not need the server's help.", "Leave it out: exclude_columns: [i]");
        Assert.Equal("0 0", Sql($"SELECT (SELECT count(*) FROM pg_publication) || ' ' || (SELECT count(*) FROM pg_replication_slots WHERE database = '{_database}')"));
        Assert.Empty((await RunAsync(null, change: s => s with { TableName = "r", ExcludeColumns = ["i"] })).Rows);

        async Task FailsAsync(Func<ChangesSpec, ChangesSpec>? change, string message, string suggestion)
        {
            var failure = await Assert.ThrowsAsync<TerminalException>(() => RunAsync(null, change: change));
            Assert.Equal((message, suggestion), (failure.Message, failure.Suggestion));
        }
    }

    [Fact]
    public async Task ReadAsync_SlotThatWentOn_SaysThatChangesAreLost()
    {
        Sql("CREATE TABLE t (id int PRIMARY KEY)");
        var first = await RunAsync(null);
        Sql("INSERT INTO t VALUES (1)");
        var second = await RunAsync(first.Cursor);
        var back = await Assert.ThrowsAsync<TerminalException>(() => RunAsync(first.Cursor));
        Assert.EndsWith("the changes between are gone from the server.", back.Message, StringComparison.Ordinal);
        Sql($"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = '{_database}'");
        var gone = await Assert.ThrowsAsync<TerminalException>(() => RunAsync(second.Cursor));
        Assert.StartsWith("The replication slot flowforge_public_t_", gone.Message, StringComparison.Ordinal);
        Assert.Equal("Reset the job's watermark: the next run takes a new snapshot.", gone.Suggestion);
    }

    [Fact]
    public async Task ReadAsync_AttemptsOfARunThatDoesNotCommit_LeaveTheChangesToTheNextRun()
    {
        Sql("CREATE TABLE t (id int PRIMARY KEY)");
        var first = await RunAsync(null);
        Sql("INSERT INTO t VALUES (1)");
        var attempt = await RunAsync(first.Cursor, commit: false);
        Assert.Equal(["i 1"], attempt.Rows);
        Sql("INSERT INTO t VALUES (2)");
        // It goes on behind what was landed, and its run then fails.
        Assert.Equal(["i 2"], (await RunAsync(attempt.Cursor, commit: false)).Rows);
        Assert.Equal(["i 1", "i 2"], (await RunAsync(first.Cursor)).Rows);
    }

    [Fact]
    public async Task ReadAsync_AnotherTableOfThatName_IsNotReadOn()
    {
        Sql("CREATE TABLE t (id int PRIMARY KEY, v text); CREATE PUBLICATION every FOR ALL TABLES; INSERT INTO t VALUES (1, 'old')");
        foreach (var publication in (string?[])[null, "every"])
        {
            var first = await RunAsync(null, change: Of);
            var slot = first.Cursor!.Split(' ')[1];
            Sql("CREATE TABLE t_new (LIKE t INCLUDING ALL); INSERT INTO t_new VALUES (2, 'never told'); DROP TABLE t; ALTER TABLE t_new RENAME TO t; INSERT INTO t VALUES (3, 'told')");
            var swapped = await Assert.ThrowsAsync<TerminalException>(() => RunAsync(first.Cursor, change: Of));
            Assert.Equal($"public.t is not the table that was read up to {first.Cursor.Split(' ')[0]}: that one was dropped, or another one has taken its name.", swapped.Message);
            Assert.Equal($"Reset the job's watermark: the next run takes a new snapshot. The slot of the old one keeps WAL until it is removed: SELECT pg_drop_replication_slot('{slot}')", swapped.Suggestion);
            Assert.Equal(["i 2|never told", "i 3|told"], (await RunAsync(null, change: Of)).Rows.Order());

            ChangesSpec Of(ChangesSpec spec) => spec with { Publication = publication };
        }
    }

    [Fact]
    public async Task ReadAsync_PublicationThatDoesNotFitAnyMore_IsNeitherMadeAnewNorReadOn()
    {
        Sql("CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE other (id int PRIMARY KEY); CREATE PUBLICATION mine FOR TABLE t, other");
        const string reset = "Reset the job's watermark: the next run takes a new snapshot.";
        var first = await RunAsync(null);
        var (at, own) = (first.Cursor!.Split(' ')[0], first.Cursor.Split(' ')[1]);
        Sql($"ALTER PUBLICATION {own} SET TABLE other; INSERT INTO t VALUES (1)");
        await FailsAsync(first.Cursor, null, $"Publication {own} does not contain public.t: changes since {at} may never have been published.", reset);
        Sql($"DROP PUBLICATION {own}");
        await FailsAsync(first.Cursor, null, $"There is no publication {own}: changes since {at} may never have been published.", reset);
        Assert.Equal("0", Sql($"SELECT count(*) FROM pg_publication WHERE pubname = '{own}'"));
        // A snapshot needs nothing of what was not published, and mends what is its own.
        Sql($"CREATE PUBLICATION {own} FOR TABLE other");
        Assert.Equal(["i 1"], (await RunAsync(null)).Rows);
        var second = await RunAsync(null, change: Mine);
        at = second.Cursor!.Split(' ')[0];
        Sql("ALTER PUBLICATION mine DROP TABLE t");
        await FailsAsync(second.Cursor, Mine, $"Publication mine does not contain public.t: changes since {at} may never have been published.",
            "Run: ALTER PUBLICATION \"mine\" ADD TABLE \"public\".\"t\"; then reset the job's watermark, for what was changed until then does not come: the next run takes a new snapshot.");
        await FailsAsync(null, Mine, "Publication mine does not contain public.t.", "Run: ALTER PUBLICATION \"mine\" ADD TABLE \"public\".\"t\"");

        static ChangesSpec Mine(ChangesSpec spec) => spec with { Publication = "mine" };

        async Task FailsAsync(string? cursor, Func<ChangesSpec, ChangesSpec>? change, string message, string suggestion)
        {
            var failure = await Assert.ThrowsAsync<TerminalException>(() => RunAsync(cursor, change: change));
            Assert.Equal((message, suggestion), (failure.Message, failure.Suggestion));
        }
    }

    [Fact]
    public async Task ReadAsync_SlotOfAnotherJob_IsLeftToIt()
    {
        Sql("CREATE TABLE t (id int PRIMARY KEY)");
        var first = await RunAsync(null, job: "sales/t in /work");
        Sql("INSERT INTO t VALUES (1)");
        var slot = first.Cursor!.Split(' ')[1];
        var failure = await Assert.ThrowsAsync<TerminalException>(() => RunAsync(null, job: "test/t in /other"));
        Assert.Equal($"The replication slot {slot} is kept by another job, sales/t in /work: a snapshot for this one would make it anew, and the changes that it keeps would be gone.", failure.Message);
        Assert.Equal($"Give this job a slot of its own (slot: …). If the other job is gone, or is this one under its former name, remove the slot: SELECT pg_drop_replication_slot('{slot}')", failure.Suggestion);
        Assert.Equal(["i 1"], (await RunAsync(first.Cursor, job: "sales/t in /work")).Rows);
        // Its own watermark may be reset; a slot that is gone is free for all.
        Assert.Equal(["i 1"], (await RunAsync(null, job: "sales/t in /work")).Rows);
        Sql($"SELECT pg_drop_replication_slot('{slot}')");
        Assert.Equal(["i 1"], (await RunAsync(null, job: "test/t in /other")).Rows);
        await Assert.ThrowsAsync<TerminalException>(() => RunAsync(null, job: "sales/t in /work"));
    }

    [Fact]
    public async Task ReadAsync_NamesThatChangeHands_GiveTheTablesOwnChangesAlone()
    {
        Sql("CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE t_new (v text, id int PRIMARY KEY); CREATE PUBLICATION every FOR ALL TABLES");
        var first = await RunAsync(null, change: s => s with { TableName = "t_new", Publication = "every" });
        Sql("INSERT INTO t VALUES (1, 'of the old'); ALTER TABLE t RENAME TO t_old; ALTER TABLE t_new RENAME TO t; INSERT INTO t VALUES ('a', 2); INSERT INTO t_old VALUES (3, 'of the old'); INSERT INTO t VALUES ('b', 4); TRUNCATE t_old");
        Assert.Equal(["i a|2", "i b|4"], (await RunAsync(first.Cursor, change: s => s with { Publication = "every" })).Rows);
    }

    [Theory]
    [InlineData("tenant", "public.t: exclude_columns leaves out tenant, which belongs to the key: updates and deletes cannot be told without it.", "Take tenant out of exclude_columns, or run: ALTER TABLE \"public\".\"t\" REPLICA IDENTITY FULL")]
    [InlineData("i", "public.t: column code of the key is generated, and not among the changes: updates and deletes cannot be told without it.", "Run: ALTER TABLE \"public\".\"t\" REPLICA IDENTITY FULL")]
    [InlineData("v", "public.t: the changes of column i cannot be read: its type has no form here that does not need the server's help.", "Leave it out: exclude_columns: [i]. As it belongs to the key, run before: ALTER TABLE \"public\".\"t\" REPLICA IDENTITY FULL")]
    public async Task ReadAsync_PartOfTheKeyMissing_IsRefusedUnlessTheIdentityIsFull(string exclude, string message, string suggestion)
    {
        var key = exclude switch { "tenant" => "tenant, id", "i" => "code, tenant", _ => "i, id" };
        Sql($"CREATE TABLE t (tenant int, id int, i inet, code int GENERATED ALWAYS AS (id * 2) STORED, v text, PRIMARY KEY ({key})); ALTER TABLE t ALTER COLUMN v SET STORAGE EXTERNAL; INSERT INTO t VALUES (1, 1, '::1', DEFAULT, repeat('one', 5000)), (2, 1, '::2', DEFAULT, repeat('two', 5000))");
        var failure = await Assert.ThrowsAsync<TerminalException>(() => RunAsync(null, change: Without));
        Assert.Equal((message, suggestion), (failure.Message, failure.Suggestion));
        if (exclude != "tenant") return;
        Sql("ALTER TABLE t REPLICA IDENTITY FULL");
        var first = await RunAsync(null, change: Without);
        Sql("UPDATE t SET tenant = 7 WHERE tenant = 2");
        var second = await RunAsync(first.Cursor, change: Without);
        Assert.Equal([$"u 1|{string.Concat(Enumerable.Repeat("two", 5000))}"], second.Rows);
        // Changes of before cannot borrow the values of another row.
        Sql("ALTER TABLE t REPLICA IDENTITY DEFAULT; UPDATE t SET i = NULL; ALTER TABLE t REPLICA IDENTITY FULL");
        var before = await Assert.ThrowsAsync<TerminalException>(() => RunAsync(second.Cursor, change: Without));
        Assert.Equal("A change of public.t leaves out long values, and its row cannot be looked up without all of its key columns.", before.Message);
        Assert.Equal("Reset the job's watermark: the next run takes a new snapshot.", before.Suggestion);

        ChangesSpec Without(ChangesSpec spec) => spec with { ExcludeColumns = exclude == "tenant" ? ["tenant", "i"] : [exclude] };
    }

    [Fact]
    public async Task HealthAsync_TellsLagAndWal_AndPreviewMakesNoSlot()
    {
        Sql("CREATE TABLE t (id int PRIMARY KEY, pad text); INSERT INTO t VALUES (1, 'x'), (2, 'y')");
        Assert.Equal("i", (await RowSourceAcceptance.ReadAsync(Open(), new ReadRequest { Limit = 1 }, Stop)).Single()[^1]);
        Assert.Empty(await Open().HealthAsync(Stop));
        Assert.Matches(@"^PostgreSQL 1\d\.\d+, logical replication, \d+ free slots$", await Open().TestAsync(Stop));
        await RunAsync(null);
        Sql("INSERT INTO t SELECT i, repeat('x', 1000) FROM generate_series(10, 1000) i");
        var facts = await Open().HealthAsync(Stop);
        Assert.Contains(facts, f => f.Name.EndsWith(": changes behind", StringComparison.Ordinal) && f is { Value: > 900_000, Unit: "bytes" });
        Assert.Contains(facts, f => f.Name.EndsWith(": WAL kept", StringComparison.Ordinal) && f.Value > 900_000);
    }

    [Fact]
    public async Task ReadAsync_FewChangesAtATime_AreAllOfThemInOrder()
    {
        Sql("CREATE TABLE t (id int PRIMARY KEY, v int); CREATE PROCEDURE work() LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..2000 LOOP INSERT INTO t VALUES (i, 0); UPDATE t SET v = v + i WHERE id = i; COMMIT; END LOOP; END $$");
        var cursor = (await RunAsync(null)).Cursor;
        Sql("CALL work(); INSERT INTO t SELECT i, 0 FROM generate_series(10001, 11000) i");
        var (rows, reached) = await RunAsync(cursor, change: s => s with { ChangesAtATime = 150 });
        Assert.Equal([.. Enumerable.Range(1, 2000).SelectMany(i => (string[])[$"i {i}|0", $"u {i}|{i}"]), .. Enumerable.Range(10_001, 1000).Select(i => $"i {i}|0")], rows);
        Assert.Empty((await RunAsync(reached)).Rows);
        // The copies that were used up go with their sessions, which the server ends in its own time.
        for (var waiting = System.Diagnostics.Stopwatch.StartNew(); Sql($"SELECT count(*) FROM pg_replication_slots WHERE database = '{_database}'") != "1"; await Task.Delay(100, Stop))
            Assert.True(waiting.Elapsed < TimeSpan.FromSeconds(60), Sql("SELECT string_agg(slot_name || ' ' || temporary, ', ') FROM pg_replication_slots"));
    }

    [Fact]
    public async Task ReadAsync_QuietTable_MovesTheSlotAlong()
    {
        Sql("CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE other (v text)");
        var cursor = (await RunAsync(null)).Cursor;
        Sql("INSERT INTO other SELECT repeat('x', 1000) FROM generate_series(1, 2000)");
        Assert.Contains(await Open().HealthAsync(Stop), f => f.Name.EndsWith(": changes behind", StringComparison.Ordinal) && f.Value > 2_000_000);
        var (rows, reached) = await RunAsync(cursor, commit: false);
        Assert.Empty(rows);
        // Told to the server behind the next commit, when this run was killed behind its own.
        await RunAsync(reached);
        // How far behind that is depends on what the tests beside this one write meanwhile.
        Assert.Equal("t", Sql($"SELECT confirmed_flush_lsn >= '{reached!.Split(' ')[0]}' FROM pg_replication_slots WHERE database = '{_database}'"));
    }

    [Fact]
    public async Task ReadAsync_NoFreeSlot_ReadsTheSlotItself()
    {
        using var server = new PostgresServer();
        server.Start().Sql("CREATE TABLE t (id int PRIMARY KEY, v int)");
        Func<ChangesSpec, ChangesSpec> own = s => s with { Port = server.Port, Database = "postgres" };
        var cursor = (await RunAsync(null, change: own)).Cursor;
        server.Sql("SELECT count(pg_create_physical_replication_slot('taken_' || i)) FROM generate_series(1, 19) i; INSERT INTO t VALUES (1, 1); UPDATE t SET v = 2");
        // Not committed: what an attempt has read already is not read again by the next one of the run, wherever the slot stands.
        var (rows, reached) = await RunAsync(cursor, commit: false, change: own);
        Assert.Equal(["i 1|1", "u 1|2"], rows);
        Assert.Equal(["warning: The server has no free replication slot for a temporary copy: it has to gather all changes before the first one comes. A larger max_replication_slots spares it that."], _fixture.Lines.Where(l => l.StartsWith("warning", StringComparison.Ordinal)));
        server.Sql("DELETE FROM t");
        Assert.Equal(["d 1|"], (await RunAsync(reached, change: own)).Rows);
    }

    [Fact]
    public async Task ReadAsync_ManyChanges_AreFast()
    {
        Sql("CREATE TABLE t (id int PRIMARY KEY, at timestamptz, v text, n numeric(12,2), f float8)");
        var cursor = (await RunAsync(null)).Cursor;
        Sql("INSERT INTO t SELECT i, now(), 'value ' || i, i / 100.0, i FROM generate_series(1, 200000) i; UPDATE t SET n = n + 1 WHERE id <= 100000; DELETE FROM t WHERE id > 150000");
        using var connector = Open();
        var clock = Stopwatch.StartNew();
        var rows = 0;
        await foreach (var batch in connector.ReadAsync(new ReadRequest { Cursor = cursor }, Stop))
        {
            rows += batch.Rows.Length;
            batch.Rows.Dispose();
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{rows / clock.Elapsed.TotalSeconds:n0} changes/s");
        Assert.Equal(350_000, rows);
    }
}
