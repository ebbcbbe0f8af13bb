-- What systems have given in the place of secrets that they replace in use. box: as in secrets, of a JSON text with the given secret and the newest.
CREATE TABLE renewed_secrets (
  id TEXT PRIMARY KEY,
  key_id TEXT NOT NULL,
  box TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
