-- What a run and the process that works for it were like from moment to moment; thinned out while the run goes on, so that a run has some hundreds at most.
CREATE TABLE run_samples (
  run_id TEXT NOT NULL,
  taken_at INTEGER NOT NULL,
  -- Rows and bytes so far, of all jobs.
  rows INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  -- Cores at work since the sample before, and bytes of memory, of the runtime's process.
  cpu REAL NOT NULL,
  memory INTEGER NOT NULL,
  PRIMARY KEY (run_id, taken_at)
) STRICT, WITHOUT ROWID;
-- The history of ingests, newest first.
CREATE INDEX job_runs_of_ingests ON job_runs (started_at) WHERE kind = 'ingest' AND started_at IS NOT NULL;
