-- Every end of a run, in the order in which ends were written: triggers go along it and miss none. Runs of backfills are not in it.
CREATE TABLE run_ends (
  end_id INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id TEXT NOT NULL,
  pipeline TEXT NOT NULL,
  state TEXT NOT NULL,
  ended_at INTEGER NOT NULL
) STRICT;
CREATE INDEX run_ends_by_pipeline ON run_ends (pipeline, end_id);
CREATE INDEX run_ends_by_run ON run_ends (run_id);

-- What a trigger remembers. position: the last end that was seen to. pending_run: decided on, not yet known to have started.
CREATE TABLE triggers (
  pipeline TEXT NOT NULL,
  trigger_key TEXT NOT NULL,
  position INTEGER NOT NULL,
  pending_run TEXT,
  pending_note TEXT,
  last_run TEXT,
  fired_at INTEGER,
  checked_at INTEGER,
  problem TEXT,
  PRIMARY KEY (pipeline, trigger_key)
) STRICT;

-- What an arrival trigger has seen at the source.
CREATE TABLE trigger_seen (
  pipeline TEXT NOT NULL,
  trigger_key TEXT NOT NULL,
  path TEXT NOT NULL,
  stamp TEXT NOT NULL,
  PRIMARY KEY (pipeline, trigger_key, path)
) STRICT, WITHOUT ROWID;
