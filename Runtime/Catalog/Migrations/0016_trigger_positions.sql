-- Up to which end of another pipeline's runs the pending run is about: several ends may share one run.
ALTER TABLE triggers ADD COLUMN pending_position INTEGER;
