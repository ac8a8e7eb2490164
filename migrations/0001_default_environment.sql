-- The environment of BOOTSTRAP_API_KEY. Its id is a UUIDv7 made here, so that no two deployments share one.
INSERT INTO environments (uid, name, mode, created_at)
SELECT substr(t, 1, 8) || '-' || substr(t, 9, 4) || '-7' || substr(r, 1, 3) || '-' ||
       substr('89ab', 1 + abs(random() % 4), 1) || substr(r, 4, 3) || '-' || substr(r, 7, 12),
       'Live', 'live', ms
FROM (
  SELECT printf('%012x', ms) AS t, lower(hex(randomblob(9))) AS r, ms
  FROM (SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) AS ms)
);
