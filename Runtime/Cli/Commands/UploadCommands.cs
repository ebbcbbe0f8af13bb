using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using FlowForge.Cli.Output;
using FlowForge.Contracts;

namespace FlowForge.Cli.Commands;

/// <summary><c>flowforge upload</c> and <c>flowforge uploads …</c></summary>
internal static class UploadCommands
{
    private const int PieceBytes = 8 << 20, MostTries = 8;

    public static IEnumerable<Command> Create(SharedOptions shared)
    {
        var file = new Argument<FileInfo>("file") { Description = "The file to send." };
        var name = new Option<string>("--name") { Description = "Its name in the upload area; the file's own unless given." };
        var replace = new Option<bool>("--replace") { Description = "Replaces a file of that name." };
        yield return Verb.Create("upload", "Sends a file into the upload area; jobs read it as upload:NAME. Run it again after an interruption: it goes on.", [file, name, replace], shared,
            async c => c.Answer(await SendAsync(c, c.Value(file)!, c.Value(name), c.Value(replace)), s => Console.Out.WriteLine($"{s.Path} ({s.Size} bytes, SHA-256 {s.Sha256})")));
        var gone = new Argument<string>("name") { Description = "Name of the file." };
        var group = new Command("uploads", "The upload area.");
        group.Subcommands.Add(Verb.Create("list", "Files of the upload area.", [], shared, async c => c.Answer((await c.Client.UploadsAsync(c.Ct)).Files, ["file", "bytes", "arrived"], f => [f.Path, f.Size.ToString(System.Globalization.CultureInfo.InvariantCulture), Lines.Time(f.ModifiedAt)])));
        group.Subcommands.Add(Verb.Create("delete", "Deletes a file of the upload area; what was loaded from it stays.", [gone], shared, async c =>
        {
            await c.Client.DeleteUploadedAsync(c.Value(gone)!, c.Ct);
            Console.Error.WriteLine($"{c.Value(gone)} is deleted.");
            return 0;
        }));
        yield return group;
    }

    private static async Task<UploadState> SendAsync(CommandContext c, FileInfo file, string? name, bool replace)
    {
        if (!file.Exists) throw new CliException($"There is no file {file.FullName}.", "Correct the path.");
        await using var stream = file.OpenRead();
        var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, c.Ct));
        var state = await c.Client.StartUploadAsync(new StartUpload(name ?? file.Name, stream.Length, hash, replace), c.Ct);
        var isWhole = false;
        for (var tries = 0; !state.Done;)
        {
            try
            {
                var piece = new byte[(int)Math.Min(PieceBytes, stream.Length - state.Offset)];
                isWhole |= state.Offset + piece.Length == stream.Length;
                stream.Position = state.Offset;
                await stream.ReadExactlyAsync(piece, c.Ct);
                state = await c.Client.SendPieceAsync(state.Id, state.Offset, new MemoryStream(piece), c.Ct);
                tries = 0;
            }
            catch (FlowForgeApiException e) when (isWhole && IsOver(e))
            {
                if (await ArrivedAsync(c, state, hash) is { } arrived) return arrived;
                throw;
            }
            catch (FlowForgeApiException e) when (IsPassing(e) && ++tries <= MostTries)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(8000, 100 << tries)), c.Ct);
                try { state = await c.Client.UploadAsync(state.Id, c.Ct); }
                catch (FlowForgeApiException again) when (IsPassing(again)) { /* Still away: the next try says so. */ }
                catch (FlowForgeApiException again) when (isWhole && IsOver(again))
                {
                    if (await ArrivedAsync(c, state, hash) is { } arrived) return arrived;
                    throw;
                }
            }
        }
        return state;
    }

    /// <summary>No answer, a runtime in trouble, or a piece that is out of step. What else is refused no second try mends, a full disk neither: each would have the whole file checked again.</summary>
    private static bool IsPassing(FlowForgeApiException e) => e.Status is null || e.Problem.Code == "FF4146" || e.Status >= HttpStatusCode.InternalServerError && e.Status != HttpStatusCode.InsufficientStorage;

    private static bool IsOver(FlowForgeApiException e) => e.Problem.Code == "FF4145";

    /// <summary>An upload that is not known any more after its last piece was sent has arrived, if the area has the file since: the runtime puts it there only when its checksum is right. The answer that said so was lost.</summary>
    private static async Task<UploadState?> ArrivedAsync(CommandContext c, UploadState state, string hash) =>
        (await c.Client.UploadsAsync(c.Ct)).Files.FirstOrDefault(f => f.Path == $"upload:{state.Name}" && f.Size == state.Size && f.ModifiedAt >= state.StartedAt) is { } file
            ? state with { Offset = state.Size, Done = true, Path = file.Path, Sha256 = hash }
            : null;
}
