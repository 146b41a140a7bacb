-- When selling again what came back by a return began; until then, and while nobody took it, the return may be turned.
ALTER TABLE return_requests ADD COLUMN resold_at BIGINT;
