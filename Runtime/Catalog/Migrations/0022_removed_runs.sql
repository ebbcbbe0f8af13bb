-- What runs that retention has removed said about their intervals: a backfill of what is missing does not do them again.
CREATE TABLE past_intervals (
  pipeline TEXT NOT NULL,
  interval_start INTEGER NOT NULL,
  interval_end INTEGER NOT NULL,
  -- The jobs that the run was to run, as JSON; [] for all.
  job_ids TEXT NOT NULL,
  run_id TEXT NOT NULL,
  state TEXT NOT NULL,
  PRIMARY KEY (pipeline, interval_start, interval_end, job_ids)
) STRICT, WITHOUT ROWID;
-- When retention removed a run's log: told from a run that has written none.
ALTER TABLE runs ADD COLUMN log_removed_at INTEGER;
