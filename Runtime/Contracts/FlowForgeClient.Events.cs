using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace FlowForge.Contracts;

public sealed partial class FlowForgeClient
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Follows one run: first its present state (run, every job), then changes and log lines after <paramref name="afterLog"/>. Lost connections are
    /// taken up again where they broke, without end; ends after the run's <c>end</c> event or when cancelled. 404 and the like throw at once.
    /// </summary>
    public IAsyncEnumerable<RunEvent> WatchRunAsync(string run, long afterLog = 0, CancellationToken ct = default) =>
        FollowAsync($"runs/{Escape(run)}/events", afterLog > 0 ? afterLog.ToString(System.Globalization.CultureInfo.InvariantCulture) : null, ReadEvent, IsEnd, ct);

    /// <summary>Changes of all runs, without log lines, until cancelled. After each <c>ready</c> changes may have been missed: reload.</summary>
    public IAsyncEnumerable<RunEvent> WatchAsync(CancellationToken ct = default) => FollowAsync("events", null, ReadEvent, IsEnd, ct);

    private async IAsyncEnumerable<T> FollowAsync<T>(string path, string? lastId, SseItemParser<T?> read, Func<T, bool> isEnd, [EnumeratorCancellation] CancellationToken ct) where T : class
    {
        var pause = FirstPause;
        while (true)
        {
            var response = await OpenAsync(path, lastId, ct);
            if (response is not null)
            {
                using (response)
                {
                    await using var stream = await response.Content.ReadAsStreamAsync(ct);
                    await using var events = SseParser.Create(stream, read).EnumerateAsync(ct).GetAsyncEnumerator(ct);
                    while (await NextAsync(events))
                    {
                        pause = FirstPause;
                        if (!string.IsNullOrEmpty(events.Current.EventId))
                            lastId = events.Current.EventId;
                        if (events.Current.Data is not { } e)
                            continue;
                        yield return e;
                        if (isEnd(e))
                            yield break;
                    }
                }
            }
            await Task.Delay(pause, ct);
            pause = pause * 2 > LongestPause ? LongestPause : pause * 2;
        }
    }

    /// <summary>Null when the runtime is not there for the moment (it may be restarting).</summary>
    private async Task<HttpResponseMessage?> OpenAsync(string path, string? lastId, CancellationToken ct)
    {
        try
        {
            var response = await ExchangeAsync(HttpMethod.Get, path, null, HttpCompletionOption.ResponseHeadersRead, request =>
            {
                request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
                if (lastId is not null)
                    request.Headers.TryAddWithoutValidation("Last-Event-ID", lastId);
            }, ct);
            return response;
        }
        catch (FlowForgeApiException e) when (e.IsUnreachable || (int)e.Status! >= 500)
        {
            return null;
        }
    }

    /// <summary>False at the end of the stream, however it ends; only the caller's own cancellation is an exception.</summary>
    private static async Task<bool> NextAsync<T>(IAsyncEnumerator<SseItem<T>> events)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            return false;
        }
    }

    private static bool IsEnd(RunEvent e) => e.Type == RunEvent.End;

    private static RunEvent? ReadEvent(string type, ReadOnlySpan<byte> data) =>
        data.IsEmpty ? null : JsonSerializer.Deserialize<RunEvent>(data, ContractsJson.Options);
}
