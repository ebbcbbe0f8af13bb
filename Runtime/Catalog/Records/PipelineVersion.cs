using FlowForge.Pipelines;

namespace FlowForge.Catalog;

/// <summary>One saved text of a pipeline; never changed afterwards.</summary>
/// <param name="Version">From 1; counts on after a delete, so that runs of old versions keep their text.</param>
/// <param name="Text">As the user wrote it, comments and all.</param>
/// <param name="BaseDirectory">Absolute; relative paths of the pipeline start here.</param>
/// <param name="Deleted">True when the pipeline has been deleted since; its versions stay for the runs that used them.</param>
public sealed record PipelineVersion(
    string Name, int Version, string Text, PipelineFormat Format, string BaseDirectory, DateTimeOffset CreatedAt, bool Deleted = false);
