-- Fifty jobs claimed and ended for good; answers the lowest tag among them, where a worker's next claim begins.
WITH claimed AS MATERIALIZED (
  SELECT job_id, token, tag FROM lectern.claim('bench', 50, %(worker)s, ARRAY[0, %(hint)s, 0]::bigint[], 6)
), gathered AS MATERIALIZED (
  SELECT array_agg(job_id) AS ids, array_agg(token) AS tokens, min(tag) AS hint FROM claimed
)
SELECT hint, (SELECT count(*) FROM lectern.finish(ids, tokens, array_fill(0, ARRAY[50]),
                                                  array_fill(NULL::jsonb, ARRAY[50]))) AS ended
FROM gathered
