-- When a key last proved that its private half is in a store. Before this
-- column there was one proof, at most seven days after the registration.
ALTER TABLE keys ADD COLUMN proven INTEGER NOT NULL DEFAULT 0;
UPDATE keys SET proven = created WHERE mechanism <> '';
