-- What runs have read of a source that had changed, and what people said to it. Changes, renames and the decision are JSON: shown and not searched.
CREATE TABLE schema_holds (
  hold_id TEXT PRIMARY KEY,
  table_name TEXT NOT NULL,
  pipeline TEXT NOT NULL,
  job_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  run_time INTEGER NOT NULL,
  -- Set for a run of a backfill: only a run about the same interval goes on with it.
  backfill_interval TEXT,
  state TEXT NOT NULL,
  held_at INTEGER NOT NULL,
  changes TEXT NOT NULL,
  renames TEXT NOT NULL,
  rows_read INTEGER NOT NULL,
  rows_rejected INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  decision TEXT,
  decided_at INTEGER,
  done_run TEXT,
  done_version INTEGER
) STRICT;
CREATE INDEX schema_holds_by_table ON schema_holds (table_name, held_at);
CREATE INDEX schema_holds_by_state ON schema_holds (state, held_at);

-- What people and the system did that cannot be seen in a table's own history.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  done_at INTEGER NOT NULL,
  done_by TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_subject ON audit (subject, id);
