-- The whole claim of 50 jobs, by a worker whose row need not be there.
WITH picked AS (
  DELETE FROM lectern.ready
  WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM lectern.ready WHERE queue = 'bench'
      ORDER BY queue, lane, tag, job_id LIMIT 50 FOR UPDATE SKIP LOCKED))
  RETURNING job_id, queue, lane, tag, attempt, crashes
), body AS MATERIALIZED (
  SELECT p.*, j.kind, j.args, j.max_attempts, j.timeout_ms, j.unique_key, j.trace
  FROM picked p JOIN lectern.job j ON j.id = p.job_id
), leased AS (
  INSERT INTO lectern.lease (job_id, token, worker, queue, kind, lane, tag, attempt, crashes, deadline)
  SELECT job_id, nextval('lectern.lease_token'), 0, queue, kind, lane, tag, attempt + 1, crashes,
         now() + timeout_ms * interval '1 millisecond' + interval '30 seconds'
  FROM body
  RETURNING job_id, token, attempt
)
SELECT l.job_id, l.token, l.attempt, b.kind, b.args::text, b.max_attempts, b.timeout_ms, b.unique_key, b.trace
FROM leased l JOIN body b USING (job_id)
