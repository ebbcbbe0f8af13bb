using System.Text.Json;
using FlowForge.Plugins.Rest.Http;

namespace FlowForge.Plugins.Rest;

/// <summary>
/// A list of one element around the page, as in <c>[{"items": […]}]</c>, looks like a page of one element that holds several records. Which of them it is, the next page shows: counted
/// as one element, a wrapper makes it begin with records that were there already.
/// </summary>
internal sealed class Wrapper(bool isPossible)
{
    private HashSet<string>? _last;

    /// <exception cref="TerminalException">Records come a second time.</exception>
    public void Look(List<JsonElement> records, int elements, Answer answer)
    {
        if (!isPossible) return;
        if (_last is not null && records.Count > 0 && _last.Contains(records[0].GetRawText()))
            throw new TerminalException($"{answer.Address.GetLeftPart(UriPartial.Path)} gives records of the page before again: records_path goes through more than one list, and the first of them is not what the server counts.", "Name the list whose elements the server counts in page_path.");
        _last = elements == 1 && records.Count > 1 ? [.. records.Select(r => r.GetRawText())] : null;
    }
}
