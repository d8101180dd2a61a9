-- What sealed a pli, as the page that deposited it says: "extension", "page", or
-- "" where nothing was said, as in deposits of before it was asked.
ALTER TABLE plis ADD COLUMN sealed_by TEXT NOT NULL DEFAULT '';
