-- A backfill is a set of runs of one pipeline, one for each interval of a range of time; its runs name it (runs.backfill_id).
CREATE TABLE backfills (
  backfill_id TEXT PRIMARY KEY,
  pipeline TEXT NOT NULL,
  pipeline_version INTEGER NOT NULL,
  state TEXT NOT NULL,
  range_start INTEGER NOT NULL,
  range_end INTEGER NOT NULL,
  step TEXT NOT NULL,
  only_what TEXT NOT NULL,
  max_parallel INTEGER NOT NULL,
  job_ids TEXT NOT NULL,
  parameters TEXT NOT NULL,
  -- What is to run, as [start, end] in microseconds; fixed when the backfill is made.
  intervals TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  finished_at INTEGER,
  error_code TEXT,
  error_message TEXT,
  error_suggestion TEXT
) STRICT;
CREATE INDEX backfills_by_pipeline ON backfills (pipeline, created_at, backfill_id);
