-- From which columns a table's columns are made, from the version on that first said so. A row without column_name is a condition: it decides which rows there are.
CREATE TABLE column_lineage (
  table_name TEXT NOT NULL,
  table_version INTEGER NOT NULL,
  column_name TEXT NOT NULL,
  kind TEXT NOT NULL,
  input TEXT NOT NULL,
  input_column TEXT NOT NULL,
  PRIMARY KEY (table_name, table_version, column_name, input, input_column)
) STRICT;
CREATE INDEX column_lineage_by_input ON column_lineage (input, input_column);
