-- Records of openings (procès-verbaux), as the assistant wrote them: JSON of
-- shared/protocol's OpeningRecord.

CREATE TABLE records (
  id       TEXT PRIMARY KEY,
  tender   TEXT NOT NULL REFERENCES tenders (id),
  user     TEXT NOT NULL REFERENCES users (id),
  received INTEGER NOT NULL,
  body     TEXT NOT NULL
) STRICT;

CREATE INDEX records_tender ON records (tender, received);
