using System.IO.Compression;
using FlowForge.Conformance.Tests.Support;
using FlowForge.Conformance.Tests.Time;
using FlowForge.Temporal.DevServer.Persistence;
using Microsoft.Data.Sqlite;
using Temporalio.Api.Command.V1;
using Temporalio.Api.Schedule.V1;

namespace FlowForge.Conformance.Tests.Wire;

/// <summary>
/// A file that an older server left goes on under this one. <c>Fixtures/server-vN.db.gz</c> was written by the first server with schema version N, by
/// <see cref="Fixture_OfThisVersion_IsWritten"/>; write the next one when a migration is added, and never rewrite an old one.
/// </summary>
public sealed class OlderFileTests
{
    private static readonly DateTimeOffset Written = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static string Folder => Path.Combine(TestFiles.Repository, "tests", "Conformance", "Fixtures");

    [Fact]
    public void Fixtures_ThereIsOneForEachVersion() =>
        Assert.Equal(Enumerable.Range(1, Migrations.Current).Select(v => $"server-v{v}.db.gz"), Directory.EnumerateFiles(Folder).Select(Path.GetFileName).Order());

    [Theory]
    [InlineData(1)]
    public async Task Open_FileOfAnOlderServer_GoesOnWhereItStopped(int version)
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("t.db");
        await using (var packed = new GZipStream(File.OpenRead(Path.Combine(Folder, $"server-v{version}.db.gz")), CompressionMode.Decompress))
        await using (var unpacked = File.Create(file))
        {
            await packed.CopyToAsync(unpacked, TestContext.Current.CancellationToken);
        }
        var clock = new FakeClock(Written.AddHours(3));
        await using (var server = await DevServer.StartAsync(new DevServerOptions { Port = 0, DbFile = file, Clock = clock }, TestContext.Current.CancellationToken))
        {
            using var client = new ServiceClient(server.Address);
            clock.Advance(TimeSpan.FromSeconds(1)); // what is due fires when this clock moves
            Assert.Equal(["done", "parent", "parent/child", "retry", "timer", "untouched"], (await client.ListAsync("")).Select(r => r.Execution.WorkflowId).Order(StringComparer.Ordinal));
            Assert.Equal("done", Assert.Single(await client.ListAsync("Colour = 'red' AND ExecutionStatus = 'Completed'")).Execution.WorkflowId);
            var done = await client.HistoryAsync("done");
            Assert.Equal("\"result\"", done[^1].WorkflowExecutionCompletedEventAttributes.Result.Payloads_[0].Data.ToStringUtf8());

            var fired = await client.PollAsync("timer");
            Assert.Equal(EventType.TimerFired, fired.History.Events.Last(e => e.EventType is not (EventType.WorkflowTaskScheduled or EventType.WorkflowTaskStarted)).EventType);
            await client.CompleteAsync(fired, Complete);
            var again = await client.PollActivityAsync("retry");
            Assert.Equal((2, "beat"), (again.Attempt, again.HeartbeatDetails.Payloads_[0].Data.ToStringUtf8()));
            await client.CallAsync<RespondActivityTaskCompletedResponse>("RespondActivityTaskCompleted", new RespondActivityTaskCompletedRequest { Namespace = "default", TaskToken = again.TaskToken });
            await client.CompleteAsync(await client.PollAsync("retry"), Complete);
            await client.CompleteAsync(await client.PollAsync("untouched"), Complete);
            await client.CompleteAsync(await client.PollAsync("child"), Complete);
            await client.CompleteAsync(await client.PollAsync("parent"), Complete);
            foreach (var run in await client.ListAsync(""))
            {
                Assert.Equal((run.Execution.WorkflowId, WorkflowExecutionStatus.Completed), (run.Execution.WorkflowId, run.Status));
                Assert.Equal([], HistoryCheck.Faults(await client.HistoryAsync(run.Execution.WorkflowId)));
            }
            var schedule = await client.CallAsync<DescribeScheduleResponse>("DescribeSchedule", new DescribeScheduleRequest { Namespace = "default", ScheduleId = "nightly" });
            Assert.Equal((2, true), (Assert.Single(schedule.Schedule.Spec.StructuredCalendar).Hour[0].Start, schedule.Schedule.State.LimitedActions));
        }
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        Assert.Equal((long)Migrations.Current, command.ExecuteScalar());
    }

    /// <summary>Not a test: writes the fixture of the present schema version (<c>-explicit only -method *Fixture_OfThisVersion*</c>).</summary>
    [Fact(Explicit = true)]
    public async Task Fixture_OfThisVersion_IsWritten()
    {
        var target = Path.Combine(Folder, $"server-v{Migrations.Current}.db.gz");
        Assert.False(File.Exists(target), $"{target} exists; a fixture is never rewritten.");
        using var folder = new TemporaryFolder();
        var file = folder.File("t.db");
        var clock = new FakeClock(Written);
        await using (var server = await DevServer.StartAsync(new DevServerOptions
        {
            Port = 0, DbFile = file, Clock = clock, SearchAttributes = new Dictionary<string, IndexedValueType> { ["Colour"] = IndexedValueType.Keyword },
        }, TestContext.Current.CancellationToken))
        {
            using var client = new ServiceClient(server.Address);
            await client.StartAsync("done", "done", r => r.SearchAttributes = new SearchAttributes { IndexedFields = { ["Colour"] = Json("\"red\"") } });
            await client.CompleteAsync(await client.PollAsync("done"), new Command
            {
                CommandType = CommandType.CompleteWorkflowExecution, CompleteWorkflowExecutionCommandAttributes = new() { Result = new Payloads { Payloads_ = { Json("\"result\"") } } },
            });
            await client.StartAsync("timer", "timer");
            await client.CompleteAsync(await client.PollAsync("timer"), new Command
            {
                CommandType = CommandType.StartTimer, StartTimerCommandAttributes = new() { TimerId = "t", StartToFireTimeout = Duration.FromTimeSpan(TimeSpan.FromHours(1)) },
            });
            await client.StartAsync("retry", "retry");
            await client.CompleteAsync(await client.PollAsync("retry"), new Command
            {
                CommandType = CommandType.ScheduleActivityTask,
                ScheduleActivityTaskCommandAttributes = new()
                {
                    ActivityId = "a", ActivityType = new() { Name = "a" }, TaskQueue = new() { Name = "retry" }, StartToCloseTimeout = Duration.FromTimeSpan(TimeSpan.FromHours(1)),
                    RetryPolicy = new() { InitialInterval = Duration.FromTimeSpan(TimeSpan.FromHours(2)) },
                },
            });
            var task = await client.PollActivityAsync("retry");
            await client.CallAsync<RecordActivityTaskHeartbeatResponse>("RecordActivityTaskHeartbeat", new RecordActivityTaskHeartbeatRequest { Namespace = "default", TaskToken = task.TaskToken, Details = new Payloads { Payloads_ = { Json("beat") } } });
            await client.CallAsync<RespondActivityTaskFailedResponse>("RespondActivityTaskFailed", new RespondActivityTaskFailedRequest { Namespace = "default", TaskToken = task.TaskToken, Failure = new() { Message = "no", ApplicationFailureInfo = new() } });
            await client.StartAsync("parent", "parent");
            await client.CompleteAsync(await client.PollAsync("parent"), new Command
            {
                CommandType = CommandType.StartChildWorkflowExecution,
                StartChildWorkflowExecutionCommandAttributes = new() { WorkflowId = "parent/child", WorkflowType = new() { Name = "test" }, TaskQueue = new() { Name = "child" } },
            });
            await client.StartAsync("untouched", "untouched");
            await client.CallAsync<CreateScheduleResponse>("CreateSchedule", new CreateScheduleRequest
            {
                Namespace = "default", ScheduleId = "nightly", RequestId = "r",
                Schedule = new Schedule { Spec = new() { CronString = { "0 2 * * *" } }, Action = new() { StartWorkflow = new() { WorkflowId = "n", WorkflowType = new() { Name = "n" }, TaskQueue = new() { Name = "n" } } }, State = new() { LimitedActions = true, RemainingActions = 0 } },
            });
        }
        await using var packed = new GZipStream(File.Create(target), CompressionLevel.SmallestSize);
        await using var written = File.OpenRead(file);
        await written.CopyToAsync(packed, TestContext.Current.CancellationToken);
    }

    private static Command Complete { get; } = new() { CommandType = CommandType.CompleteWorkflowExecution, CompleteWorkflowExecutionCommandAttributes = new() };

    private static Payload Json(string text) => new() { Data = ByteString.CopyFromUtf8(text), Metadata = { ["encoding"] = ByteString.CopyFromUtf8("json/plain") } };
}
