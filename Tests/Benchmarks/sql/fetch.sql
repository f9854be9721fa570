-- Which 50 jobs come next.
SELECT ctid FROM lectern.ready WHERE queue = 'bench' ORDER BY queue, lane, tag, job_id LIMIT 50 FOR UPDATE SKIP LOCKED
