-- Finished jobs of the last hour (of this day, so that they stand in its partitions): bodies and history.
WITH span AS (
  SELECT greatest(date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC', now() - interval '1 hour') AS since
), number AS (
  SELECT n, since + (now() - since) * (n::float8 / %(n)s) AS at
  FROM span, generate_series(0, %(n)s - 1) AS n
), body AS (
  INSERT INTO lectern.job (id, queue, kind, args, lane, max_attempts, timeout_ms)
  SELECT ((extract(epoch FROM at) * 1000)::bigint << 20) | (n & 1048575), 'bench', 'no_op',
         jsonb_build_object('n', n, 'payload', repeat('0123456789', 10)), 10, 10, 60000
  FROM number
  RETURNING id, kind, queue
)
INSERT INTO lectern.done (finished_at, job_id, kind, queue, outcome, attempt, wait_ms, run_ms)
SELECT lectern.job_time(id), id, kind, queue, 'succeeded', 1, 1, 0 FROM body
