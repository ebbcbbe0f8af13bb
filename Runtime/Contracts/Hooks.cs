namespace FlowForge.Contracts;

/// <summary>An address that takes posts.</summary>
/// <param name="Url">Where the runtime takes them; a proxy may show another one to the world.</param>
/// <param name="Posts">Posts that are kept.</param>
/// <param name="Bytes">Of these.</param>
/// <param name="Refused">Posts that were refused since the runtime started.</param>
public sealed record HookEntry(string Name, string Connection, string Url, bool Protected, long Posts, long Bytes, long Refused, DateTimeOffset? LastAt);

/// <summary>A post as it was kept.</summary>
/// <param name="Body">The beginning of it.</param>
public sealed record HookPost(string Id, DateTimeOffset At, string? Key, string Body);

/// <summary>The answer to a post.</summary>
/// <param name="Duplicate">Whether it was kept already.</param>
public sealed record HookReceipt(string Id, bool Duplicate);
