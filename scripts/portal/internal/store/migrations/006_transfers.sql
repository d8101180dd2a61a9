-- Plis whose recipients were changed. sha256 stays that of the deposit, which
-- the receipt shows; current_sha256 is of the file as it is kept now, "" for
-- the deposit's. file is the name of that file, "" for the pli's id.
ALTER TABLE plis ADD COLUMN file TEXT NOT NULL DEFAULT '';
ALTER TABLE plis ADD COLUMN current_sha256 TEXT NOT NULL DEFAULT '';

-- Each change, one row a pli. head is the old envelope up to its content, as it
-- stood in the file: with it the file before can be put together again.
-- verified says that the agent's computer tried the content key on the content.
CREATE TABLE transfers (
  id            TEXT PRIMARY KEY,
  pli           TEXT NOT NULL REFERENCES plis (id),
  user          TEXT NOT NULL REFERENCES users (id),
  at            INTEGER NOT NULL,
  old_key       TEXT NOT NULL REFERENCES keys (id),
  sha256_before TEXT NOT NULL,
  sha256_after  TEXT NOT NULL,
  header_before TEXT NOT NULL,
  header_after  TEXT NOT NULL,
  head          BLOB NOT NULL,
  verified      INTEGER NOT NULL
) STRICT;

CREATE INDEX transfers_pli ON transfers (pli, at);

CREATE TABLE transfer_keys (
  transfer TEXT NOT NULL REFERENCES transfers (id),
  key      TEXT NOT NULL REFERENCES keys (id),
  PRIMARY KEY (transfer, key)
) STRICT;
