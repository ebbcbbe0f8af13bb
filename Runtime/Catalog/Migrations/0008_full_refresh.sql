-- Datasets of the run are built from scratch, although nothing may have changed.
ALTER TABLE runs ADD COLUMN full_refresh INTEGER NOT NULL DEFAULT 0;
