-- Times are milliseconds since 1970 UTC. Fingerprints are lower-case hex SHA-256.

CREATE TABLE services (
  id   TEXT PRIMARY KEY,
  name TEXT NOT NULL
) STRICT;

CREATE TABLE companies (
  id   TEXT PRIMARY KEY,
  name TEXT NOT NULL
) STRICT;

-- A user is an agent of one service or works for one company.
CREATE TABLE users (
  id       TEXT PRIMARY KEY,
  login    TEXT NOT NULL UNIQUE,
  name     TEXT NOT NULL,
  password TEXT NOT NULL,
  service  TEXT REFERENCES services (id),
  company  TEXT REFERENCES companies (id),
  CHECK ((service IS NULL) <> (company IS NULL))
) STRICT;

-- What an agent may do in a service, his own or another.
CREATE TABLE rights (
  user    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  service TEXT NOT NULL REFERENCES services (id),
  power   TEXT NOT NULL CHECK (power IN ('keys.read', 'keys.manage', 'plis.open')),
  PRIMARY KEY (user, service, power)
) STRICT;

-- token is SHA-256 of the cookie's value: the database alone opens no session.
CREATE TABLE sessions (
  token   TEXT PRIMARY KEY,
  user    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  csrf    TEXT NOT NULL,
  expires INTEGER NOT NULL
) STRICT;

CREATE TABLE keys (
  id            TEXT PRIMARY KEY,
  service       TEXT NOT NULL REFERENCES services (id),
  name          TEXT NOT NULL,
  recovery      INTEGER NOT NULL,
  state         TEXT NOT NULL CHECK (state IN ('awaiting-import', 'awaiting-proof', 'active', 'discarded')),
  mode          TEXT NOT NULL CHECK (mode IN ('existing', 'server', 'local')),
  certificate   BLOB NOT NULL,
  thumbprint    TEXT NOT NULL,
  common_name   TEXT NOT NULL,
  issuer        TEXT NOT NULL,
  not_after     INTEGER NOT NULL,
  mechanism     TEXT NOT NULL DEFAULT '', -- what the proof was made with
  proof         TEXT NOT NULL DEFAULT '', -- SHA-256 of the accepted proof
  created       INTEGER NOT NULL,
  created_by    TEXT NOT NULL REFERENCES users (id),
  pending_until INTEGER NOT NULL
) STRICT;

-- One living registration for a certificate in a service.
CREATE UNIQUE INDEX keys_thumbprint ON keys (service, thumbprint) WHERE state <> 'discarded';

-- The one open challenge of a key; proof is SHA-256 of the expected proof.
CREATE TABLE challenges (
  key       TEXT PRIMARY KEY REFERENCES keys (id) ON DELETE CASCADE,
  mechanism TEXT NOT NULL,
  proof     TEXT NOT NULL,
  expires   INTEGER NOT NULL
) STRICT;

CREATE TABLE tenders (
  id        TEXT PRIMARY KEY,
  service   TEXT NOT NULL REFERENCES services (id),
  reference TEXT NOT NULL UNIQUE,
  title     TEXT NOT NULL,
  deadline  INTEGER NOT NULL,
  all_keys  INTEGER NOT NULL DEFAULT 1 -- every personal key of the service, or those of tender_keys
) STRICT;

CREATE TABLE lots (
  tender TEXT NOT NULL REFERENCES tenders (id),
  number TEXT NOT NULL,
  title  TEXT NOT NULL,
  PRIMARY KEY (tender, number)
) STRICT;

CREATE TABLE tender_keys (
  tender TEXT NOT NULL REFERENCES tenders (id),
  key    TEXT NOT NULL REFERENCES keys (id),
  PRIMARY KEY (tender, key)
) STRICT;

CREATE TABLE plis (
  id             TEXT PRIMARY KEY,
  tender         TEXT NOT NULL REFERENCES tenders (id),
  lot            TEXT NOT NULL,
  kind           TEXT NOT NULL CHECK (kind IN ('candidature', 'offre')),
  company        TEXT NOT NULL REFERENCES companies (id),
  depositor      TEXT NOT NULL REFERENCES users (id),
  name           TEXT NOT NULL,
  size           INTEGER NOT NULL,
  sha256         TEXT NOT NULL,
  content_sha256 TEXT NOT NULL,
  received       INTEGER NOT NULL,
  UNIQUE (tender, company, sha256)
) STRICT;

CREATE INDEX plis_content ON plis (content_sha256);

CREATE TABLE pli_keys (
  pli TEXT NOT NULL REFERENCES plis (id),
  key TEXT NOT NULL REFERENCES keys (id),
  PRIMARY KEY (pli, key)
) STRICT;

CREATE INDEX pli_keys_key ON pli_keys (key);

-- Each opening that an agent's page reported, with what came out of it.
CREATE TABLE openings (
  id            TEXT PRIMARY KEY,
  pli           TEXT NOT NULL REFERENCES plis (id),
  user          TEXT NOT NULL REFERENCES users (id),
  opened        INTEGER NOT NULL,
  authenticated INTEGER NOT NULL
) STRICT;

CREATE TABLE opened_files (
  opening TEXT NOT NULL REFERENCES openings (id),
  place   INTEGER NOT NULL,
  name    TEXT NOT NULL,
  size    INTEGER NOT NULL,
  sha256  TEXT NOT NULL,
  PRIMARY KEY (opening, place)
) STRICT;

-- Opened files that an agent chose to hand to the portal.
CREATE TABLE handed_files (
  id       TEXT PRIMARY KEY,
  pli      TEXT NOT NULL REFERENCES plis (id),
  user     TEXT NOT NULL REFERENCES users (id),
  name     TEXT NOT NULL,
  size     INTEGER NOT NULL,
  sha256   TEXT NOT NULL,
  received INTEGER NOT NULL,
  UNIQUE (pli, name, sha256)
) STRICT;
