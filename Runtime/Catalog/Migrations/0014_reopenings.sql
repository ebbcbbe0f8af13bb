-- A retry that takes a run up again: what is to be done in Temporal, written together with the reopening and removed when it is done. A crash between the two is mended from here.
CREATE TABLE reopenings (run_id TEXT PRIMARY KEY, plan TEXT NOT NULL) STRICT;

-- What repeats a run is looked for by the run.
CREATE INDEX runs_by_retry_of ON runs (retry_of) WHERE retry_of IS NOT NULL;
