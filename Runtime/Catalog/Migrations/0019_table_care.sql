-- Work on tables that people asked for (optimize, vacuum, alter): kept, so that none is lost by a restart or done twice.
CREATE TABLE table_care (
  care_id TEXT PRIMARY KEY,
  table_name TEXT NOT NULL,
  kind TEXT NOT NULL,
  -- What was asked for and what came of it, as JSON of the API.
  request TEXT NOT NULL,
  result TEXT,
  state TEXT NOT NULL,
  requested_by TEXT NOT NULL,
  -- The table's newest version when the work began: what it has committed is looked for behind it.
  base_version INTEGER,
  phase TEXT,
  done INTEGER NOT NULL DEFAULT 0,
  total INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER,
  error_code TEXT,
  error_message TEXT,
  error_suggestion TEXT
) STRICT;
CREATE INDEX table_care_by_table ON table_care (table_name, created_at, care_id);
-- One at a time for a table: two would only conflict with each other.
CREATE UNIQUE INDEX table_care_open ON table_care (table_name) WHERE state IN ('queued', 'running');
