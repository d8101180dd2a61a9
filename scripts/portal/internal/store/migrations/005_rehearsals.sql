-- Rehearsals of an opening, as the assistant told them: JSON of
-- shared/protocol's RehearseResult. portal is this program's version then.

CREATE TABLE rehearsals (
  id       TEXT PRIMARY KEY,
  tender   TEXT NOT NULL REFERENCES tenders (id),
  user     TEXT NOT NULL REFERENCES users (id),
  received INTEGER NOT NULL,
  portal   TEXT NOT NULL,
  body     TEXT NOT NULL
) STRICT;

CREATE INDEX rehearsals_tender ON rehearsals (tender, received);
