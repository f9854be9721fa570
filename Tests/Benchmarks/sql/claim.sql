-- The whole claim of 50 jobs.
SELECT * FROM lectern.claim('bench', 50, %(worker)s, ARRAY[0, %(hint)s, 0]::bigint[], 6)
