using FlowForge.Plugins;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace FlowForge.PluginHost.Tests;

/// <summary>Builds plugin folders from source text, as an author's build would leave them.</summary>
internal static class PluginMaker
{
    private static readonly MetadataReference[] Platform =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Where(p => Path.GetFileName(p).StartsWith("System.", StringComparison.Ordinal)).Select(p => MetadataReference.CreateFromFile(p))];

    /// <param name="folder">The plugin's folder; made when needed, its assemblies replaced.</param>
    /// <param name="name">Name of the main assembly.</param>
    /// <param name="source">Its source.</param>
    /// <param name="library">Source and version of a library that it uses; null for none.</param>
    /// <param name="contract">What it is built against in place of the present contract; null for that.</param>
    public static void Make(string folder, string name, string source, (string Source, string Version)? library = null, MetadataReference? contract = null)
    {
        Directory.CreateDirectory(folder);
        var references = contract is not null ? [.. Platform, contract]
            : new List<MetadataReference>(Platform) { MetadataReference.CreateFromFile(typeof(IConnector).Assembly.Location), MetadataReference.CreateFromFile(typeof(FlowForge.Columnar.Schema).Assembly.Location) };
        if (library is { } lib)
        {
            var path = Path.Combine(folder, "Shared.Library.dll");
            Compile(path, "Shared.Library", $"[assembly: System.Reflection.AssemblyVersion(\"{lib.Version}\")] {lib.Source}", references);
            references.Add(MetadataReference.CreateFromFile(path));
        }
        Compile(Path.Combine(folder, name + ".dll"), name, "using System; using System.Collections.Generic; using System.Runtime.CompilerServices; using System.Threading; using System.Threading.Tasks; using FlowForge.Plugins; " + source, references);
        var dependency = library is null ? "" : """, "dependencies": { "Shared.Library": "1.0.0" }""";
        var target = library is null ? "" : """, "Shared.Library/1.0.0": { "runtime": { "Shared.Library.dll": {} } }""";
        var listed = library is null ? "" : """, "Shared.Library/1.0.0": { "type": "project", "serviceable": false, "sha512": "" }""";
        File.WriteAllText(Path.Combine(folder, name + ".deps.json"), $$"""
            { "runtimeTarget": { "name": ".NETCoreApp,Version=v10.0", "signature": "" },
              "targets": { ".NETCoreApp,Version=v10.0": { "{{name}}/1.0.0": { "runtime": { "{{name}}.dll": {} }{{dependency}} }{{target}} } },
              "libraries": { "{{name}}/1.0.0": { "type": "project", "serviceable": false, "sha512": "" }{{listed}} } }
            """);
    }

    /// <summary>The contract of a version, made of some of its source files.</summary>
    public static MetadataReference Contract(string version, IEnumerable<string> sources)
    {
        const string Usings = "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; global using System.Threading; global using System.Threading.Tasks;";
        var trees = sources.Append($"[assembly: System.Reflection.AssemblyVersion(\"{version}\")]").Append(Usings).Select(s => CSharpSyntaxTree.ParseText(s));
        var compilation = CSharpCompilation.Create(typeof(IConnector).Assembly.GetName().Name, trees, Platform, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        var image = new MemoryStream();
        var result = compilation.Emit(image);
        Assert.True(result.Success, string.Join("\n", result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)));
        return MetadataReference.CreateFromImage(image.ToArray());
    }

    private static void Compile(string path, string name, string source, IEnumerable<MetadataReference> references)
    {
        var compilation = CSharpCompilation.Create(name, [CSharpSyntaxTree.ParseText(source)], references, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        var image = new MemoryStream();
        var result = compilation.Emit(image);
        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        File.WriteAllBytes(path, image.ToArray());
    }
}
