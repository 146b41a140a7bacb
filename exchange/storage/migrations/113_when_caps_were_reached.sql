-- When a cap's last sale was taken, so that a buyer who is not asked is told since when it is full.
ALTER TABLE cap_use ADD COLUMN taken_at BIGINT;
