-- Of the rejects of a run those that were not replayed and whose rows' table was not replaced since.
ALTER TABLE reject_summaries ADD COLUMN open_count INTEGER NOT NULL DEFAULT 0;
UPDATE reject_summaries SET open_count = row_count;
