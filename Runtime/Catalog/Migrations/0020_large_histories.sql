-- The history of ingests is counted and filtered in this index alone, and only the shown page is looked up.
DROP INDEX job_runs_of_ingests;
CREATE INDEX job_runs_of_ingests ON job_runs (started_at, run_id, ordinal, state, rows_read, rows_rejected, job_id, table_name) WHERE kind = 'ingest' AND started_at IS NOT NULL;
-- With the state, which lists of pipelines show of their last runs.
DROP INDEX runs_by_pipeline;
CREATE INDEX runs_by_pipeline ON runs (pipeline, queued_at, run_id, state);
