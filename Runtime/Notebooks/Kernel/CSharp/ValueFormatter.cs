using System.Collections;
using FlowForge.Notebooks.Kernel.Output;
using FlowForge.Notebooks.Kernel.Sql;
using FlowForge.Notebooks.Protocol;
using Microsoft.CodeAnalysis.CSharp.Scripting.Hosting;

namespace FlowForge.Notebooks.Kernel.CSharp;

/// <summary>How values of C# are shown.</summary>
internal static class ValueFormatter
{
    /// <summary>Rows of a collection that are shown; more are not even asked for.</summary>
    public const int MostRows = 200;

    private const int MostImage = 8 << 20;

    private const int MostMedia = 4 << 20;

    public static IReadOnlyDictionary<string, string> Format(object? value)
    {
        switch (value)
        {
            case string text: return Plain(text);
            case MediaText { MediaType: var type } image when type.StartsWith("image/", StringComparison.Ordinal) && type != "image/svg+xml":
                return image.Text.Length > MostImage ? Plain($"(a picture of {image.Text.Length * 3L / 4:N0} bytes is too large to be shown)") : new Dictionary<string, string> { [type] = image.Text, ["text/plain"] = $"({type})" };
            // Half of a JSON text or a drawing is none.
            case MediaText { MediaType: not "text/plain" } media when media.Text.Length > MostMedia: return Plain($"({media.MediaType} of {media.Text.Length:N0} characters is too large to be shown)");
            case MediaText media: return new Dictionary<string, string> { [media.MediaType] = KernelProtocol.Cut(media.Text, MostMedia), ["text/plain"] = KernelProtocol.Cut(media.Text, 4096) };
            case ResultRows rows:
                var (columns, first, isAll) = rows.First(MostRows);
                return Table(columns, first, isAll);
            case byte[]: return Plain(Text(value));
            case IEnumerable<ResultRow> rows: return Rows(rows);
            case IDictionary: return Plain(Text(value));
            case IEnumerable items when Element(value) is { } element: return Items(items, element);
            default: return Plain(Text(value));
        }
    }

    private static Type? Element(object value)
    {
        var element = value.GetType().GetInterfaces().Append(value.GetType())
            .FirstOrDefault(t => t.IsGenericType && t.GetGenericTypeDefinition() == typeof(IEnumerable<>))?.GetGenericArguments()[0];
        return element is null || element == typeof(object) || element == typeof(char) ? null : element;
    }

    private static Dictionary<string, string> Items(IEnumerable items, Type element)
    {
        var members = Members.Of(element);
        if (members.Count == 0) return Plain(Text(items));
        var rows = new List<object?[]>();
        var isAll = true;
        foreach (var item in items)
        {
            if (rows.Count == MostRows)
            {
                isAll = false;
                break;
            }
            rows.Add([.. members.Select(m => item is null ? null : Shown(m.Value, item))]);
        }
        return Table([.. members.Select(m => new TableColumn(m.Name, m.Type.Name))], rows, isAll);
    }

    private static Dictionary<string, string> Rows(IEnumerable<ResultRow> items)
    {
        var rows = items.Take(MostRows + 1).ToList();
        var names = rows.Count == 0 ? [] : rows[0].Columns;
        return Table([.. names.Select(n => new TableColumn(n, ""))], [.. rows.Take(MostRows).Select(r => names.Select((_, i) => r[i]).ToArray())], rows.Count <= MostRows);
    }

    // A property that throws must not hide the others.
    private static object? Shown(Func<object, object?> value, object item)
    {
        try
        {
            return value(item) is { } shown ? Members.IsSimple(shown.GetType()) ? shown : Text(shown) : null;
        }
        catch (Exception e)
        {
            return $"<{(e.InnerException ?? e).GetType().Name}>";
        }
    }

    private static Dictionary<string, string> Table(IReadOnlyList<TableColumn> columns, List<object?[]> rows, bool isAll)
    {
        using var writer = new RowWriter(columns.Count);
        foreach (var row in rows)
        {
            if (writer.IsFull) break;
            writer.Add(columns.Count, c => row[c]);
        }
        return TableMedia.Of(columns, writer.Take(), isAll && writer.Count == rows.Count ? rows.Count : null);
    }

    private static Dictionary<string, string> Plain(string text) => new() { ["text/plain"] = KernelProtocol.Cut(text) };

    private static string Text(object? value) => value is Exception e ? e.ToString() : CSharpObjectFormatter.Instance.FormatObject(value);
}
