using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using FlowForge.Plugins.Rest.Http;

namespace FlowForge.Plugins.Rest;

/// <param name="Body">JSON to post; null for GET.</param>
internal sealed record PageRequest(Uri Address, string? Body);

/// <summary>Goes from page to page of one resource. The place of the next page is text, so that a read can go on there.</summary>
internal sealed partial class Pager
{
    private readonly ResourceSpec _spec;
    private readonly Uri _first;
    private readonly PageBody? _body;
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private byte[] _lastPage = [];
    private string? _place;
    private bool _ended;

    /// <param name="first">The address without paging parameters.</param>
    /// <param name="body">Where the parameters are written instead of the query; it is this pager's from now on.</param>
    /// <param name="place">Where an earlier read stopped.</param>
    public Pager(ResourceSpec spec, Uri first, PageBody? body, string? place)
    {
        (_spec, _first, _body, _place) = (spec, first, body, place);
        Kind = spec.Paging != PagingKind.Auto ? spec.Paging
            : spec.NextTokenPath is not null ? PagingKind.Cursor
            : spec.PageParam is not null ? PagingKind.Page
            : spec.OffsetParam is not null ? PagingKind.Offset
            : PagingKind.Link;
        if (Kind == PagingKind.Cursor && spec.NextTokenPath is null) throw new TerminalException("paging is cursor, and next_token_path is not given.", "Say where the next page's token stands in the answer.");
    }

    public PagingKind Kind { get; }

    /// <summary>Where the next page is; null at the end.</summary>
    public string? Place => _ended ? null : _place;

    /// <summary>Whether the next page may be missing: one before it was there, and pages are counted without knowing how many there are.</summary>
    public bool MayBeMissing => _spec.MissingPage == MissingPage.End && Kind is PagingKind.Page or PagingKind.Offset && _place is not null;

    /// <summary>What to ask for the next page; null at the end.</summary>
    public PageRequest? Next()
    {
        if (_ended) return null;
        var address = Kind is PagingKind.Link || (Kind == PagingKind.Cursor && _spec.NextTokenParam is null) ? (_place is { } link ? new Uri(_first, link) : _first) : _first;
        if (_spec.PageSize > 0 && ReferenceEquals(address, _first)) address = Write(address, _spec.SizeParam, _spec.PageSize);
        address = Kind switch
        {
            PagingKind.Page => Write(address, _spec.PageParam ?? "page", Number(_place, _spec.FirstPage)),
            PagingKind.Offset => Write(address, _spec.OffsetParam ?? "offset", Number(_place, 0)),
            PagingKind.Cursor when _spec.NextTokenParam is { } name && _place is { } token => Write(address, name, token),
            _ => address,
        };
        return new PageRequest(address, _body?.Text ?? (_spec.Method == "POST" ? _spec.Body ?? "{}" : null));
    }

    /// <summary>The server has no such page.</summary>
    public void Missed() => (_place, _ended) = (null, true);

    private Uri Write(Uri address, string name, long value)
    {
        if (_body is null) return Address.With(address, name, value.ToString(CultureInfo.InvariantCulture));
        _body.Set(name, value);
        return address;
    }

    private Uri Write(Uri address, string name, string token)
    {
        if (_body is null) return Address.With(address, name, token);
        _body.SetJson(name, token);
        return address;
    }

    /// <summary>Looks in the answer for where it goes on.</summary>
    /// <param name="elements">What the server counts: the elements of the page, not the records that they hold.</param>
    public void Took(Answer answer, JsonElement root, int elements)
    {
        switch (Kind)
        {
            case PagingKind.None: _place = null; break;
            // A short page says nothing: servers give fewer than asked for when their own limit is lower.
            case PagingKind.Page: _place = elements == 0 ? null : (Number(_place, _spec.FirstPage) + 1).ToString(CultureInfo.InvariantCulture); break;
            case PagingKind.Offset: _place = elements == 0 ? null : (Number(_place, 0) + elements).ToString(CultureInfo.InvariantCulture); break;
            // In a body a token goes back as it came, a number or a list as well.
            case PagingKind.Cursor when _body is not null && _spec.NextTokenParam is not null: _place = JsonRecords.Last(root, _spec.NextTokenPath!); break;
            case PagingKind.Cursor: _place = JsonRecords.Text(root, _spec.NextTokenPath!) is { Length: > 0 } token and not "false" ? token : null; break;
            case PagingKind.Link: _place = NextLink(answer); break;
        }
        _ended = _place is null;
        if (_ended) return;
        var hash = SHA256.HashData(answer.Body.Span);
        if (Kind is PagingKind.Page or PagingKind.Offset && hash.AsSpan().SequenceEqual(_lastPage))
            throw new TerminalException($"{answer.Address.GetLeftPart(UriPartial.Path)} gives the same page twice: it does not know the parameter {(Kind == PagingKind.Page ? _spec.PageParam ?? "page" : _spec.OffsetParam ?? "offset")}.", "Correct the paging settings, or set paging: none.");
        if (!_seen.Add(_place!)) throw new TerminalException($"{answer.Address.GetLeftPart(UriPartial.Path)} leads back to a page that was read already.", "Check next_token_path and next_token_param.");
        _lastPage = hash;
    }

    private static string? NextLink(Answer answer)
    {
        if (!answer.Headers.TryGetValues("Link", out var values)) return null;
        var next = Links().Matches(string.Join(", ", values)).FirstOrDefault(m => Relation().Match(m.Groups[2].Value) is { Success: true } r && r.Groups[1].Value.Split(' ').Contains("next", StringComparer.OrdinalIgnoreCase));
        return next is null ? null : new Uri(answer.Address, next.Groups[1].Value).AbsoluteUri;
    }

    private static long Number(string? text, long otherwise) => text is null ? otherwise : long.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex("<([^>]*)>([^<]*)", RegexOptions.CultureInvariant, 30_000)]
    private static partial Regex Links();

    [GeneratedRegex("rel\\s*=\\s*\"?([^\";,]*)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase, 30_000)]
    private static partial Regex Relation();
}
