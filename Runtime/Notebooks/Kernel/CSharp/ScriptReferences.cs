using FlowForge.Columnar;
using FlowForge.Lake;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Scripting;

namespace FlowForge.Notebooks.Kernel.CSharp;

/// <summary>What C# cells see without asking: .NET's own libraries, the lake, and the usual namespaces.</summary>
internal static class ScriptReferences
{
    /// <summary>Namespaces that need no using.</summary>
    public static IReadOnlyList<string> Imports { get; } = ["System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Text", "System.Text.Json", "System.Threading", "System.Threading.Tasks"];

    public static ScriptOptions Options { get; } = ScriptOptions.Default
        .WithReferences(Platform())
        // #r "my.dll" starts at the workspace, as files in cells do. (A base for sources would change the cells' names in stack traces.)
        .WithMetadataResolver(ScriptMetadataResolver.Default.WithBaseDirectory(Environment.CurrentDirectory))
        .WithImports(Imports)
        .WithEmitDebugInformation(true)
        .WithFileEncoding(System.Text.Encoding.UTF8)
        .WithOptimizationLevel(OptimizationLevel.Debug)
        .WithAllowUnsafe(true);

    private static IEnumerable<MetadataReference> Platform()
    {
        var all = (AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") as string ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        var own = new[] { typeof(NotebookContext).Assembly, typeof(LakeStore).Assembly, typeof(RecordBatch).Assembly, typeof(Duck.DuckException).Assembly }.Select(a => a.Location);
        return all.Where(IsPlatform).Concat(own).Select(path => MetadataReference.CreateFromFile(path));
    }

    private static bool IsPlatform(string path)
    {
        var name = Path.GetFileNameWithoutExtension(path);
        return name.StartsWith("System.", StringComparison.Ordinal) || name is "System" or "netstandard" or "mscorlib" or "Microsoft.CSharp" or "Microsoft.Win32.Primitives";
    }
}
