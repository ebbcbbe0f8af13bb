namespace FlowForge.Plugins.Rest;

/// <summary>How the next page is found.</summary>
public enum PagingKind
{
    /// <summary>cursor when next_token_path is given, page when page_param is, offset when offset_param is, else link.</summary>
    Auto,
    None,
    /// <summary>A page number that grows, until a page is empty.</summary>
    Page,
    /// <summary>The number of elements of the pages so far, until a page is empty.</summary>
    Offset,
    /// <summary>A token or address in the answer, until there is none.</summary>
    Cursor,
    /// <summary>The Link header's rel="next", until there is none.</summary>
    Link,
}

/// <summary>How a watermark is written in a request.</summary>
public enum WatermarkForm { AsIs, Iso, Date, Unix, UnixMs }

/// <summary>What an answer is that does not have the place of its records.</summary>
public enum MissingRecords { Fail, Empty }

/// <summary>What 404 Not Found is behind the first page.</summary>
public enum MissingPage { Fail, End }

/// <summary>Where paging parameters and the watermark are written.</summary>
public enum PageIn { Query, Body }

/// <summary>What to read and how.</summary>
public sealed record ResourceSpec
{
    [Setting("Address, absolute or relative to base_url; {resource.path} takes a value of each record of another resource", Example = "orders")]
    public string Url { get; init; } = "";

    [Setting("GET or POST", Pattern = "GET|POST")]
    public string Method { get; init; } = "GET";

    [Setting("Parameters of the query")]
    public IReadOnlyDictionary<string, string> Params { get; init; } = new Dictionary<string, string>();

    [Setting("Body for POST, as JSON")]
    public string? Body { get; init; }

    [Setting("Where the records stand in the answer, e.g. data.items; lists on the way are gone through. Empty: the whole answer")]
    public string RecordsPath { get; init; } = "";

    [Setting("Where the list stands whose elements the server counts as a page, when records_path goes through several and it is not the first", Example = "results.items")]
    public string? PagePath { get; init; }

    [Setting("What an answer that does not have records_path is: fail (an error), or empty (a page without records)")]
    public MissingRecords MissingRecords { get; init; }

    [Setting("How the next page is found: auto, none, page, offset, cursor, link")]
    public PagingKind Paging { get; init; }

    [Setting("Where the parameters of paging and the watermark are written: query, or body (of a POST), where their names are paths, e.g. page.number or filters.0.value")]
    public PageIn PageIn { get; init; }

    [Setting("What 404 Not Found is behind the first page when pages or offsets are counted: fail (an error), or end (there are no more)")]
    public MissingPage MissingPage { get; init; }

    [Setting("Parameter for the page's number")]
    public string? PageParam { get; init; }

    [Setting("Number of the first page")]
    public int FirstPage { get; init; } = 1;

    [Setting("Parameter for the offset")]
    public string? OffsetParam { get; init; }

    [Setting("Records asked for a page; 0 leaves it to the server", Minimum = 0)]
    public int PageSize { get; init; }

    [Setting("Parameter for the page's size")]
    public string SizeParam { get; init; } = "page_size";

    [Setting("Where the next page's token or address stands in the answer, e.g. paging.next")]
    public string? NextTokenPath { get; init; }

    [Setting("Parameter that carries the token; without it the token is an address")]
    public string? NextTokenParam { get; init; }

    [Setting("Parameter that carries the watermark of an incremental job")]
    public string? WatermarkParam { get; init; }

    [Setting("How the watermark is written: as_is, iso, date, unix (seconds), unix_ms")]
    public WatermarkForm WatermarkFormat { get; init; }
}

/// <summary>What the rest connector is told.</summary>
public sealed record RestSpec : ApiSpec
{
    [Setting("Address, absolute or relative to base_url", Example = "orders")]
    public string Url { get; init; } = "";

    [Setting("GET or POST", Pattern = "GET|POST")]
    public string Method { get; init; } = "GET";

    [Setting("Parameters of the query")]
    public IReadOnlyDictionary<string, string> Params { get; init; } = new Dictionary<string, string>();

    [Setting("Body for POST, as JSON")]
    public string? Body { get; init; }

    [Setting("Where the records stand in the answer, e.g. data.items; lists on the way are gone through. Empty: the whole answer")]
    public string RecordsPath { get; init; } = "";

    [Setting("Where the list stands whose elements the server counts as a page, when records_path goes through several and it is not the first", Example = "results.items")]
    public string? PagePath { get; init; }

    [Setting("What an answer that does not have records_path is: fail (an error), or empty (a page without records)")]
    public MissingRecords MissingRecords { get; init; }

    [Setting("How the next page is found: auto, none, page, offset, cursor, link")]
    public PagingKind Paging { get; init; }

    [Setting("Where the parameters of paging and the watermark are written: query, or body (of a POST), where their names are paths, e.g. page.number or filters.0.value")]
    public PageIn PageIn { get; init; }

    [Setting("What 404 Not Found is behind the first page when pages or offsets are counted: fail (an error), or end (there are no more)")]
    public MissingPage MissingPage { get; init; }

    [Setting("Parameter for the page's number")]
    public string? PageParam { get; init; }

    [Setting("Number of the first page")]
    public int FirstPage { get; init; } = 1;

    [Setting("Parameter for the offset")]
    public string? OffsetParam { get; init; }

    [Setting("Records asked for a page; 0 leaves it to the server", Minimum = 0)]
    public int PageSize { get; init; }

    [Setting("Parameter for the page's size")]
    public string SizeParam { get; init; } = "page_size";

    [Setting("Where the next page's token or address stands in the answer, e.g. paging.next")]
    public string? NextTokenPath { get; init; }

    [Setting("Parameter that carries the token; without it the token is an address")]
    public string? NextTokenParam { get; init; }

    [Setting("Parameter that carries the watermark of an incremental job")]
    public string? WatermarkParam { get; init; }

    [Setting("How the watermark is written: as_is, iso, date, unix (seconds), unix_ms")]
    public WatermarkForm WatermarkFormat { get; init; }

    [Setting("Several resources by name, each with the settings above; a job names one with table_name or tables", Scope = SettingScope.Connection)]
    public IReadOnlyDictionary<string, ResourceSpec> Resources { get; init; } = new Dictionary<string, ResourceSpec>();

    /// <summary>The one resource that the settings themselves describe.</summary>
    public ResourceSpec Single() => new()
    {
        Url = Url, Method = Method, Params = Params, Body = Body, RecordsPath = RecordsPath, PagePath = PagePath, MissingRecords = MissingRecords, Paging = Paging, PageIn = PageIn, MissingPage = MissingPage, PageParam = PageParam, FirstPage = FirstPage, OffsetParam = OffsetParam,
        PageSize = PageSize, SizeParam = SizeParam, NextTokenPath = NextTokenPath, NextTokenParam = NextTokenParam, WatermarkParam = WatermarkParam, WatermarkFormat = WatermarkFormat,
    };
}
