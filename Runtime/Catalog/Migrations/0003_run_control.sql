-- What people and triggers say about a run beside its state.
ALTER TABLE runs ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN interval_start INTEGER;
ALTER TABLE runs ADD COLUMN interval_end INTEGER;
-- Why an open run does nothing at the moment, for people; null while it works.
ALTER TABLE runs ADD COLUMN waiting TEXT;
-- When a finished run was last taken up again by a retry.
ALTER TABLE runs ADD COLUMN reopened_at INTEGER;
ALTER TABLE runs ADD COLUMN backfill_id TEXT;
CREATE INDEX runs_by_backfill ON runs (backfill_id, interval_start) WHERE backfill_id IS NOT NULL;
CREATE INDEX runs_by_interval ON runs (pipeline, interval_start, interval_end) WHERE interval_start IS NOT NULL;
