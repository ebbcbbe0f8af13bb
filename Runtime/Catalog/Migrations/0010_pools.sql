-- The worker pool that executes the job; null for the runtime itself.
ALTER TABLE job_runs ADD COLUMN pool TEXT;
