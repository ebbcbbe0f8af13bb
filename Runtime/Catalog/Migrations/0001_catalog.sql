-- Times are microseconds since 1970, UTC. States, kinds and levels are the written forms of their enums.

CREATE TABLE pipelines (
  name TEXT PRIMARY KEY,
  latest_version INTEGER NOT NULL,
  deleted INTEGER NOT NULL DEFAULT 0,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE pipeline_versions (
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  text TEXT NOT NULL,
  format TEXT NOT NULL,
  base_directory TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (name, version)
) STRICT;

CREATE TABLE runs (
  run_id TEXT PRIMARY KEY,
  pipeline TEXT NOT NULL,
  pipeline_version INTEGER NOT NULL,
  run_trigger TEXT NOT NULL,
  state TEXT NOT NULL,
  queued_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER,
  error_code TEXT,
  error_message TEXT,
  error_suggestion TEXT,
  workflow_id TEXT,
  workflow_run_id TEXT,
  job_ids TEXT NOT NULL,
  parameters TEXT NOT NULL,
  retry_of TEXT,
  -- Sums over the run's jobs, kept here so that the overview reads one table.
  rows_read INTEGER NOT NULL DEFAULT 0,
  rows_loaded INTEGER NOT NULL DEFAULT 0,
  rows_rejected INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,
  log_lines INTEGER NOT NULL DEFAULT 0
) STRICT;
-- The overview is answered from this index alone.
CREATE INDEX runs_by_time ON runs (queued_at, run_id, state, started_at, finished_at, rows_read, rows_loaded, rows_rejected, bytes);
CREATE INDEX runs_by_pipeline ON runs (pipeline, queued_at, run_id);
CREATE INDEX runs_by_state ON runs (state, queued_at, run_id);

CREATE TABLE job_runs (
  run_id TEXT NOT NULL,
  job_id TEXT NOT NULL,
  ordinal INTEGER NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  rows_read INTEGER NOT NULL,
  rows_loaded INTEGER NOT NULL,
  rows_rejected INTEGER NOT NULL,
  rows_deduplicated INTEGER NOT NULL,
  rows_filtered INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER,
  error_code TEXT,
  error_message TEXT,
  error_suggestion TEXT,
  table_name TEXT,
  table_version INTEGER,
  phase TEXT,
  progress REAL,
  rows_per_second REAL,
  depends_on TEXT NOT NULL,
  note TEXT,
  PRIMARY KEY (run_id, job_id)
) STRICT;

CREATE TABLE attempts (
  run_id TEXT NOT NULL,
  job_id TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  state TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  finished_at INTEGER,
  error_code TEXT,
  error_message TEXT,
  error_suggestion TEXT,
  PRIMARY KEY (run_id, job_id, attempt)
) STRICT;

-- A claim pins the version of the txn action for (run, job); observed_txn is the version that the table had at that moment.
CREATE TABLE claims (
  table_name TEXT NOT NULL,
  run_id TEXT NOT NULL,
  job_id TEXT NOT NULL,
  application TEXT NOT NULL,
  txn_version INTEGER NOT NULL,
  observed_txn INTEGER NOT NULL,
  claimed_at INTEGER NOT NULL,
  released_at INTEGER,
  PRIMARY KEY (table_name, run_id, job_id)
) STRICT;
CREATE INDEX claims_by_run ON claims (run_id, job_id);
CREATE INDEX claims_by_version ON claims (table_name, application, txn_version);

CREATE TABLE logs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL,
  job_id TEXT,
  level INTEGER NOT NULL,
  logged_at INTEGER NOT NULL,
  message TEXT NOT NULL
) STRICT;
CREATE INDEX logs_by_run ON logs (run_id, id);

CREATE TABLE files_seen (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  table_name TEXT NOT NULL,
  path TEXT NOT NULL,
  size INTEGER NOT NULL,
  etag TEXT NOT NULL,
  modified INTEGER NOT NULL,
  sha256 TEXT,
  row_count INTEGER NOT NULL,
  run_id TEXT NOT NULL,
  seen_at INTEGER NOT NULL,
  duplicate_of TEXT,
  UNIQUE (table_name, path, size, etag, modified)
) STRICT;
CREATE INDEX files_seen_by_hash ON files_seen (table_name, sha256);
CREATE INDEX files_seen_by_time ON files_seen (table_name, seen_at);

CREATE TABLE schema_history (
  table_name TEXT NOT NULL,
  table_version INTEGER NOT NULL,
  run_id TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  columns TEXT NOT NULL,
  change TEXT,
  PRIMARY KEY (table_name, table_version)
) STRICT;

CREATE TABLE check_results (
  run_id TEXT NOT NULL,
  job_id TEXT NOT NULL,
  check_title TEXT NOT NULL,
  table_name TEXT,
  on_fail TEXT NOT NULL,
  passed INTEGER NOT NULL,
  failing_rows INTEGER NOT NULL,
  message TEXT,
  recorded_at INTEGER NOT NULL,
  PRIMARY KEY (run_id, job_id, check_title)
) STRICT;
CREATE INDEX check_results_by_table ON check_results (table_name, recorded_at);

CREATE TABLE reject_summaries (
  table_name TEXT NOT NULL,
  run_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  row_count INTEGER NOT NULL,
  PRIMARY KEY (table_name, run_id, reason)
) STRICT;

CREATE TABLE lineage (
  table_name TEXT NOT NULL,
  input TEXT NOT NULL,
  pipeline TEXT NOT NULL,
  job_id TEXT NOT NULL,
  PRIMARY KEY (table_name, input)
) STRICT;
CREATE INDEX lineage_by_input ON lineage (input);

CREATE TABLE profiles (
  table_name TEXT NOT NULL,
  table_version INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  profile TEXT NOT NULL,
  PRIMARY KEY (table_name, table_version)
) STRICT;

CREATE TABLE watermarks (
  table_name TEXT NOT NULL,
  pipeline TEXT NOT NULL,
  job_id TEXT NOT NULL,
  column_name TEXT NOT NULL,
  value TEXT,
  run_id TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  PRIMARY KEY (table_name, pipeline, job_id)
) STRICT;

CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
