-- Jobs that wait for their turn.
WITH body AS (
  INSERT INTO lectern.job (id, queue, kind, args, lane, max_attempts, timeout_ms)
  SELECT lectern.new_job_id(), 'bench', 'no_op', jsonb_build_object('n', n, 'payload', repeat('0123456789', 10)),
         10, 10, 60000
  FROM generate_series(1, %(n)s) AS n
  RETURNING id, queue, lane
)
INSERT INTO lectern.ready (queue, lane, tag, job_id) SELECT queue, lane, id, id FROM body
