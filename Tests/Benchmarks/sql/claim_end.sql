-- A hundred jobs claimed and their runs ended, two statements. The claim begins where the last one did, as a worker's
-- does. Its answer is folded into one row, which is all that pgbench can keep; the bodies travel to the client as they
-- do to the engine.
SELECT coalesce(array_agg(job_id), '{}') AS ids, coalesce(array_agg(token), '{}') AS tokens,
       coalesce(min(tag), 0) AS hint, string_agg(args, '') AS bodies
FROM lectern.claim('bench', 100, :worker::int8, ARRAY[0, :hint::int8, 0], 12) \gset
SELECT job_id, is_busy
FROM lectern.finish(:ids::int8[], :tokens::int8[], array_fill(0, ARRAY[100]), array_fill(NULL::jsonb, ARRAY[100]));
