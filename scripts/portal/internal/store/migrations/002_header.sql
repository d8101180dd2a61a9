-- What a signed list names a pli by before a private key is used.
ALTER TABLE plis ADD COLUMN header_sha256 TEXT NOT NULL DEFAULT '';
