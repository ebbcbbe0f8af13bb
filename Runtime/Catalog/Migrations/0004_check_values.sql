-- What a check measured (for comparison with later runs), and failing rows as a JSON array, to be looked at.
ALTER TABLE check_results ADD COLUMN value REAL;
ALTER TABLE check_results ADD COLUMN samples TEXT;
