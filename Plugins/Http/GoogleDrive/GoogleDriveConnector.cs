using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using FlowForge.Plugins.Files;

namespace FlowForge.Plugins.Http.GoogleDrive;

/// <summary>Hands over the files of a folder of Google Drive, sheets as CSV or Excel. Nothing is changed there.</summary>
[Connector("google_drive", Title = "Google Drive", Description = "Reads files and sheets of a folder of Google Drive.", Aliases = ["google-drive"])]
public sealed class GoogleDriveConnector : IFileSource, ITestConnection, IDiscover, IDisposable
{
    private const string FolderKind = "application/vnd.google-apps.folder", SheetKind = "application/vnd.google-apps.spreadsheet", GoogleKind = "application/vnd.google-apps.", ShortcutKind = "application/vnd.google-apps.shortcut";
    private const int Deepest = 20, Tries = 4;
    private readonly ConnectorContext<GoogleDriveSpec> _context;
    private readonly GoogleDriveSpec _spec;
    private readonly HttpSpec _http;
    private readonly HttpFiles _plain, _files;
    private readonly GoogleToken _token;

    public GoogleDriveConnector(ConnectorContext<GoogleDriveSpec> context)
    {
        (_context, _spec) = (context, context.Settings);
        _http = new HttpSpec { BaseUrl = _spec.ApiUrl, Timeout = _spec.Timeout, MaxMegabytes = _spec.MaxMegabytes, Url = [] };
        // What is posted for a token proves who asks: it goes to no other address.
        _plain = new HttpFiles(new HttpSpec { Timeout = _spec.Timeout, Url = [], MaxRedirects = 0 }, context.Pace);
        _token = new GoogleToken(_spec, _plain, context.Conceal);
        _files = new HttpFiles(_http, context.Pace, _token.GetAsync, RefusalAsync);
    }

    /// <summary>One entry of a folder.</summary>
    private sealed record Entry(string Path, string Id, string Kind, long? Size, string? Md5, string? Modified, string? Version);

    public async IAsyncEnumerable<SourceFile> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var found = new List<Entry>();
        await foreach (var entry in EntriesAsync(cancellationToken).ConfigureAwait(false)) found.Add(entry);
        foreach (var same in found.OrderBy(e => e.Path, StringComparer.Ordinal).ThenBy(e => e.Id, StringComparer.Ordinal).GroupBy(e => e.Path, StringComparer.Ordinal))
            // A folder of Drive may hold several files of one name: their ids tell them apart.
            foreach (var entry in same) yield return File(entry, same.Count() == 1 ? entry.Path : $"{entry.Path[..(entry.Path.LastIndexOf('/') + 1)]};{entry.Id}/{entry.Path[(entry.Path.LastIndexOf('/') + 1)..]}");
    }

    public async Task<string> TestAsync(CancellationToken cancellationToken)
    {
        try
        {
            var files = 0;
            await foreach (var _ in ListAsync(cancellationToken).ConfigureAwait(false)) files++;
            return $"Google Drive answers, {files} files match {string.Join(", ", _spec.Path)}";
        }
        catch (TransientException e) { throw new TerminalException(e.Message, "Check the network, and whether Google's service is up.", e); }
    }

    public async IAsyncEnumerable<DiscoveredTable> DiscoverAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var file in ListAsync(cancellationToken).ConfigureAwait(false)) yield return new DiscoveredTable(file.Path) { Bytes = file.Size };
    }

    private SourceFile File(Entry entry, string path)
    {
        var isSheet = entry.Kind == SheetKind;
        var address = new Uri(_spec.ApiUrl, isSheet
            ? $"drive/v3/files/{entry.Id}/export?mimeType={Uri.EscapeDataString(_spec.SheetForm == SheetForm.Csv ? "text/csv" : "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")}"
            : $"drive/v3/files/{entry.Id}?alt=media&supportsAllDrives=true");
        // A file that was replaced after it was listed has another checksum than the one that is proved here.
        var checksum = !isSheet && entry.Md5 is { Length: 32 } md5 && md5.All(char.IsAsciiHexDigit) ? Convert.FromHexString(md5) : null;
        return new SourceFile
        {
            Path = path, Size = isSheet ? null : entry.Size, ETag = isSheet ? entry.Version ?? entry.Modified : entry.Md5,
            Modified = DateTimeOffset.TryParse(entry.Modified, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null,
            OpenAsync = ct => HttpFileStream.OpenAsync(_files, address, null, null, _http, checksum, ct),
        };
    }

    private async IAsyncEnumerable<Entry> EntriesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var isDeep = _spec.Path.Any(p => p.Trim('/').Contains('/', StringComparison.Ordinal) || p.Contains("**", StringComparison.Ordinal));
        var seen = new HashSet<string>(StringComparer.Ordinal) { _spec.FolderId };
        var open = new Queue<(string Id, string Path, int Depth)>([(_spec.FolderId, "", 0)]);
        while (open.TryDequeue(out var folder))
            await foreach (var entry in FolderAsync(folder.Id, folder.Path, cancellationToken).ConfigureAwait(false))
            {
                if (entry.Kind == FolderKind)
                {
                    if (isDeep && folder.Depth < Deepest && seen.Add(entry.Id)) open.Enqueue((entry.Id, entry.Path + "/", folder.Depth + 1));
                }
                else if (entry.Kind.StartsWith(GoogleKind, StringComparison.Ordinal) && entry.Kind != SheetKind)
                {
                    if (Matches(entry.Path)) _context.Log.Debug($"{entry.Path} is {(entry.Kind == ShortcutKind ? "a shortcut" : "a document of Google's own")} and is passed over.");
                }
                else if (Matches(Named(entry))) yield return entry with { Path = Named(entry) };
            }
    }

    private string Named(Entry entry) => entry.Kind != SheetKind ? entry.Path : entry.Path + (_spec.SheetForm == SheetForm.Csv ? ".csv" : ".xlsx");

    private bool Matches(string path) =>
        _spec.Path.Any(p => (p.Contains('/', StringComparison.Ordinal) || !path.Contains('/', StringComparison.Ordinal)) && Glob.MatchesPathOrName(p, path)) && !_spec.Exclude.Any(x => Glob.MatchesPathOrName(x, path));

    private async IAsyncEnumerable<Entry> FolderAsync(string id, string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? next = null;
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            var query = $"drive/v3/files?q={Uri.EscapeDataString($"'{id}' in parents and trashed = false")}&fields={Uri.EscapeDataString("nextPageToken,files(id,name,mimeType,size,md5Checksum,modifiedTime,version)")}&pageSize=1000&supportsAllDrives=true&includeItemsFromAllDrives=true{(next is null ? "" : "&pageToken=" + Uri.EscapeDataString(next))}";
            using var body = await AskAsync(new Uri(_spec.ApiUrl, query), cancellationToken).ConfigureAwait(false);
            foreach (var file in body.RootElement.GetProperty("files").EnumerateArray())
                // A name may hold what parts paths here.
                yield return new Entry(path + (Text(file, "name") ?? "").Replace("%", "%25", StringComparison.Ordinal).Replace("/", "%2F", StringComparison.Ordinal).Replace("\\", "%5C", StringComparison.Ordinal), Text(file, "id")!, Text(file, "mimeType") ?? "", long.TryParse(Text(file, "size"), CultureInfo.InvariantCulture, out var size) ? size : null, Text(file, "md5Checksum"), Text(file, "modifiedTime"), Text(file, "version"));
            next = DriveAnswer.Text(body, "nextPageToken");
        }
        while (next is not null);
    }

    private async Task<JsonDocument> AskAsync(Uri address, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var answer = await _files.SendAsync(HttpMethod.Get, address, null, cancellationToken).ConfigureAwait(false);
            var body = await DriveAnswer.ReadAsync(_files, answer, cancellationToken).ConfigureAwait(false);
            // A page that lists nothing is not the same as no page: a proxy's own answer would be an empty folder.
            if (answer.IsSuccessStatusCode && body.RootElement.TryGetProperty("files", out var files) && files.ValueKind == JsonValueKind.Array) return body;
            using var _ = body;
            var failure = answer.IsSuccessStatusCode ? new TransientException($"Google Drive: {HttpFiles.Shown(address)} answers HTTP {(int)answer.StatusCode} without a list of files.", TimeSpan.FromSeconds(30)) : DriveAnswer.Failure(answer.StatusCode, body);
            if (failure is not TransientException || attempt == Tries) throw failure;
            _context.Log.Debug($"{failure.Message}; asked again.");
            await Task.Delay(TimeSpan.FromMilliseconds(500 << attempt), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Why a file does not come.</summary>
    private async ValueTask<Exception> RefusalAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        using var body = await DriveAnswer.ReadAsync(_files, answer, cancellationToken).ConfigureAwait(false);
        return DriveAnswer.Failure(answer.StatusCode, body);
    }

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number ? value.ToString() : null;

    public void Dispose()
    {
        _token.Dispose();
        _files.Dispose();
        _plain.Dispose();
    }
}
