namespace FlowForge.Pipelines;

/// <summary>How a pipeline's text is written.</summary>
public enum PipelineFormat { Yaml, Json }

/// <summary>What happens when a run is due while another run of the pipeline is open.</summary>
public enum OverlapPolicy { Skip, Buffer, Allow, Cancel }

/// <summary>How a bronze table's files are laid out.</summary>
public enum PartitionMode { Date, Column, None }

/// <summary>Compression of the Parquet files that a job writes.</summary>
public enum Compression { None, Gzip, Snappy, Zstd }

/// <summary>Whether source files are copied to the landing layer or read in place.</summary>
public enum LandingMode { Copy, Reference }

/// <summary><c>infer</c>: types are proposals that rows widen. <c>user</c>: <c>user_schema</c> is a contract.</summary>
public enum SchemaMode { Infer, User }

/// <summary>What rows that do not fit do to the run: nothing is published, or they go to the rejects table.</summary>
public enum ErrorHandling { Fail, Quarantine }

/// <summary>Whether each run reads all of the source or only what lies beyond the watermark.</summary>
public enum IncrementalMode { Full, Incremental }

/// <summary>What becomes of rows without a value in the watermark column: loaded (and compared with those that are there), left out, or the run fails.</summary>
public enum NullCursor { Include, Exclude, Error }

/// <summary>
/// What a source that differs from the table may do: the table follows, the run fails, new columns are left out and other types are rejects, or what was read
/// waits, landed, for a person's word.
/// </summary>
public enum DriftPolicy { Evolve, Freeze, Discard, Hold }

/// <summary>What the rows of a run do to the bronze table.</summary>
public enum WriteMode { Append, Replace, Merge, Scd2 }

/// <summary>How a dataset is built.</summary>
public enum DatasetMode { Full, Append, Merge, Incremental, Scd2 }

/// <summary>When a dataset is built: only when its SQL, settings or inputs have changed, or in each run.</summary>
public enum RebuildPolicy { Changed, Always }

/// <summary>The kinds of data-quality checks.</summary>
public enum CheckKind { NotNull, Unique, AcceptedValues, Range, RowCount, Regex, Expression, ForeignKey, Sql, Freshness, Anomaly }

/// <summary>What an anomaly check measures of the rows of a run.</summary>
public enum CheckMetric { RowCount, NullShare, Distinct, Mean, Sum, Min, Max }

/// <summary>What a failing check does: it is noted, its rows are left out (and counted as filtered), its rows go to the rejects table, or the old table version stays.</summary>
public enum CheckAction { Warn, Drop, Quarantine, Fail }

/// <summary>The kinds of jobs of a run.</summary>
public enum JobKind { Ingest, Silver, Gold, Notebook, Delivery }

/// <summary>What a delivery does to what is there: it holds one version and nothing else, gets what is new, or is changed row by row, by key.</summary>
public enum DeliveryMode { Replace, Append, Merge }

/// <summary>What a connector that writes is given.</summary>
public enum SinkKind { Files, Rows }
