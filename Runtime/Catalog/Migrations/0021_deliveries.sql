-- What deliveries have written where. A row is made before the first write to a target, so that a file that was there before is told from one of ours.
CREATE TABLE deliveries (
  pipeline TEXT NOT NULL,
  name TEXT NOT NULL,
  target TEXT NOT NULL,
  begun_at INTEGER NOT NULL,
  -- What is there: the table, its identity and version, and how it was written. NULL until the first delivery is whole.
  table_name TEXT NOT NULL,
  table_id TEXT,
  version INTEGER,
  settings TEXT,
  rows INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,
  run_id TEXT,
  delivered_at INTEGER,
  PRIMARY KEY (pipeline, name, target)
) STRICT;
CREATE INDEX deliveries_by_target ON deliveries (target);
CREATE INDEX deliveries_by_table ON deliveries (table_name);
