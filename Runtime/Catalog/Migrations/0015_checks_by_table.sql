-- A job with many tables has results of the same check for each of them.
CREATE TABLE check_results_by_job (
  run_id TEXT NOT NULL,
  job_id TEXT NOT NULL,
  check_title TEXT NOT NULL,
  table_name TEXT,
  on_fail TEXT NOT NULL,
  passed INTEGER NOT NULL,
  failing_rows INTEGER NOT NULL,
  message TEXT,
  recorded_at INTEGER NOT NULL,
  value REAL,
  samples TEXT
) STRICT;
INSERT INTO check_results_by_job (run_id, job_id, check_title, table_name, on_fail, passed, failing_rows, message, recorded_at, value, samples)
  SELECT run_id, job_id, check_title, table_name, on_fail, passed, failing_rows, message, recorded_at, value, samples FROM check_results;
DROP TABLE check_results;
ALTER TABLE check_results_by_job RENAME TO check_results;
CREATE UNIQUE INDEX check_results_of_job ON check_results (run_id, job_id, coalesce(table_name, ''), check_title);
CREATE INDEX check_results_by_table ON check_results (table_name, recorded_at);
