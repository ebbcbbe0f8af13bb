CREATE INDEX job_runs_of_pools ON job_runs (state, run_id) WHERE pool IS NOT NULL;
