-- What the rows of a job did to its table, and what became of each table of a job with many; as JSON, shown and not searched.
ALTER TABLE job_runs ADD COLUMN details TEXT;
