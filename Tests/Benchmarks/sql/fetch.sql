-- Which 50 jobs come next: the choice inside the claim.
SELECT p.place FROM unnest('{0,10,20}'::smallint[], ARRAY[0, %(hint)s, 0]::bigint[]) AS l (lane, low)
CROSS JOIN LATERAL (
  SELECT r.ctid AS place FROM lectern.ready r
  WHERE r.queue = 'bench' AND r.lane = l.lane AND r.tag >= l.low
  ORDER BY r.tag, r.job_id LIMIT 50 FOR UPDATE SKIP LOCKED) p
LIMIT 50
