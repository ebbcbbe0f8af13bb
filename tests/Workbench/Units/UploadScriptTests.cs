using System.Diagnostics;
using System.Text.Json;

namespace FlowForge.Workbench.Tests.Units;

/// <summary>The script that sends files, run by Node around a relay that answers as told: what is tried again and what is not.</summary>
public sealed class UploadScriptTests
{
    [Theory]
    // That a file is there already no try mends; a piece at the wrong place and a relay that is busy are asked about and sent again.
    [InlineData(409, "FF4143", "There is a file a.csv already. Delete one of them.", 1)]
    [InlineData(409, "FF4146", "", 2)]
    [InlineData(503, "unreachable", "", 2)]
    public async Task Piece_Refused_IsTriedAgainWhereThatHelps(int status, string code, string expected, int pieces)
    {
        var script = $$"""
            globalThis.setTimeout = done => { done(); };
            let sent = 0, told = null;
            const answer = (status, body) => ({ ok: status < 300, status, json: async () => body });
            globalThis.fetch = async (path, options) => {
              if (options.method !== "PATCH") return answer(200, { id: "1", offset: 0, done: false });
              return ++sent === 1 ? answer({{status}}, { code: "{{code}}", message: "There is a file a.csv already.", suggestion: "Delete one of them." }) : answer(200, { id: "1", offset: 3, done: true, path: "a.csv" });
            };
            const { watch } = await import({{JsonSerializer.Serialize(new Uri(SourceFile()).AbsoluteUri)}});
            const heard = {};
            const input = { files: [], addEventListener: (name, act) => heard[name] = act };
            const ended = new Promise(over => watch({ dataset: {}, addEventListener() {} }, input, { invokeMethodAsync: async (name, key, error) => { if (name === "Ended") over(error); } }));
            input.files = [new File(["1,2"], "a.csv")];
            heard.change();
            console.log(JSON.stringify([await ended ?? "", sent]));
            """;
        var start = new ProcessStartInfo("node") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["--input-type=module", "--eval", script])
            start.ArgumentList.Add(argument);
        using var node = Process.Start(start)!;
        var problems = node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.True(output.Length > 0, await problems);
        Assert.Equal(JsonSerializer.Serialize(new object[] { expected, pieces }), output.Trim());
    }

    private static string SourceFile()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "FlowForge.sln")))
            folder = folder.Parent;
        return Path.Combine(folder.FullName, "Workbench", "Assets", "src", "uploads.js");
    }
}
