CREATE TABLE connections (
  name TEXT PRIMARY KEY,
  connector TEXT NOT NULL,
  description TEXT,
  -- JSON; secrets are references.
  settings TEXT NOT NULL,
  rate_limit TEXT,
  isolation TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

-- The last test of each connection, also of those that files describe.
CREATE TABLE connection_tests (
  name TEXT PRIMARY KEY,
  passed INTEGER NOT NULL,
  message TEXT NOT NULL,
  suggestion TEXT,
  tested_at INTEGER NOT NULL,
  milliseconds INTEGER NOT NULL
) STRICT;

CREATE TABLE connection_health (
  name TEXT NOT NULL,
  fact TEXT NOT NULL,
  value REAL NOT NULL,
  unit TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  PRIMARY KEY (name, fact)
) STRICT;

-- box: nonce, ciphertext and tag of AES-256-GCM in base64, with the name as associated data.
CREATE TABLE secrets (
  name TEXT PRIMARY KEY,
  key_id TEXT NOT NULL,
  box TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
