-- One job, as the engine stores it: body and place.
\set n random(1, 1000000000)
WITH body AS (
  INSERT INTO lectern.job (id, queue, kind, args, lane, max_attempts, timeout_ms)
  VALUES (lectern.new_job_id(), 'bench', 'no_op',
          jsonb_build_object('n', :n::int8, 'payload', repeat('0123456789', 10)), 10, 10, 60000)
  RETURNING id, queue, lane
)
INSERT INTO lectern.ready (queue, lane, tag, job_id) SELECT queue, lane, id, id FROM body;
