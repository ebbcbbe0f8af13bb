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
        for (var tries = 0; !state.Done;)
        {
            try
            {
                var piece = new byte[(int)Math.Min(PieceBytes, stream.Length - state.Offset)];
                stream.Position = state.Offset;
                await stream.ReadExactlyAsync(piece, c.Ct);
                state = await c.Client.SendPieceAsync(state.Id, state.Offset, new MemoryStream(piece), c.Ct);
                tries = 0;
            }
            catch (FlowForgeApiException e) when (++tries <= MostTries && e.Status is null or HttpStatusCode.Conflict or >= HttpStatusCode.InternalServerError)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(8000, 100 << tries)), c.Ct);
                try { state = await c.Client.UploadAsync(state.Id, c.Ct); }
                catch (FlowForgeApiException again) when (again.Status is null) { /* Still away: the next try says so. */ }
            }
        }
        return state;
    }
}
