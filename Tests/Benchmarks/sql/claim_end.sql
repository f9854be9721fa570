-- A hundred jobs claimed and their runs ended. The answer of the claim is folded into one row, which is all that
-- pgbench can keep; the bodies travel to the client as they do to the engine.
WITH picked AS (
  DELETE FROM lectern.ready
  WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM lectern.ready
      WHERE queue = 'bench' AND EXISTS (SELECT FROM lectern.worker WHERE id = :worker::int8)
      ORDER BY queue, lane, tag, job_id LIMIT 100 FOR UPDATE SKIP LOCKED))
  RETURNING job_id, queue, lane, tag, attempt, crashes
), body AS MATERIALIZED (
  SELECT p.*, j.kind, j.args, j.max_attempts, j.timeout_ms, j.unique_key, j.trace
  FROM picked p JOIN lectern.job j ON j.id = p.job_id
), leased AS (
  INSERT INTO lectern.lease (job_id, token, worker, queue, kind, lane, tag, attempt, crashes, deadline)
  SELECT job_id, nextval('lectern.lease_token'), :worker::int8, queue, kind, lane, tag, attempt + 1, crashes,
         now() + timeout_ms * interval '1 millisecond' + interval '30 seconds'
  FROM body
  RETURNING job_id, token, attempt
)
SELECT coalesce(array_agg(l.job_id), '{}') AS ids, coalesce(array_agg(l.token), '{}') AS tokens,
       string_agg(b.args::text, '') AS bodies
FROM leased l JOIN body b USING (job_id) \gset
WITH input AS MATERIALIZED (
  SELECT * FROM unnest(:ids::int8[], :tokens::int8[], array_fill('succeed'::text, ARRAY[100]),
                       array_fill(0::int8, ARRAY[100]), array_fill(0::int8, ARRAY[100]),
                       array_fill(NULL::jsonb, ARRAY[100]), array_fill(NULL::text, ARRAY[100]),
                       array_fill(NULL::text, ARRAY[100]), array_fill(NULL::text, ARRAY[100]))
       AS i (job_id, token, action, delay_ms, run_ms, result, code, message, unique_key)
), gone AS (
  DELETE FROM lectern.lease l USING input i WHERE l.job_id = i.job_id AND l.token = i.token
  RETURNING l.*, i.action, i.delay_ms, i.run_ms, i.result, i.code, i.message, i.unique_key
), finished AS (
  INSERT INTO lectern.done (job_id, kind, queue, outcome, attempt, wait_ms, run_ms, result)
  SELECT job_id, kind, queue, CASE action WHEN 'succeed' THEN 'succeeded' ELSE 'cancelled' END, attempt,
         least(2147483647, greatest(0, extract(epoch FROM started_at - lectern.job_time(job_id)) * 1000)),
         least(2147483647, run_ms), result
  FROM gone WHERE action IN ('succeed', 'cancel')
), landed AS (
  DELETE FROM lectern.flight f USING gone g
  WHERE g.unique_key IS NOT NULL AND f.key = g.unique_key AND f.job_id = g.job_id
)
SELECT job_id, token FROM gone;
