CREATE INDEX reject_summaries_by_run ON reject_summaries (run_id);
