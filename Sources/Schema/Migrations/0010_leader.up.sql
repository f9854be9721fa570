-- The leader's tables, and what only a leader does: recurring jobs are fired, what is over is dropped, what nobody needs
-- any more is swept away. Every function here is harmless when two leaders call it at the same moment.

-- One row per office. The term grows with every holder, so it tells two holders apart and fences what they write.
CREATE TABLE lectern.leader (
  name   text COLLATE "C" NOT NULL PRIMARY KEY,
  holder text NOT NULL,
  term   bigint NOT NULL,
  until  timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON COLUMN lectern.leader.until IS 'the holder renews before this instant or is none';

-- How far each recurring job is settled.
CREATE TABLE lectern.cron (
  name       text COLLATE "C" NOT NULL PRIMARY KEY,
  settled_at timestamptz NOT NULL DEFAULT now(),
  last_fired timestamptz
) WITH (fillfactor = 50);
COMMENT ON COLUMN lectern.cron.settled_at IS 'up to here every firing was made or dropped';
-- What was fired. The key makes a second firing for the same instant impossible.
CREATE TABLE lectern.cron_fire (
  name     text COLLATE "C" NOT NULL,
  at       timestamptz NOT NULL,
  fired_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (name, at)
);

-- New partitions lock their table whole. Who cannot have that soon tries again later: rows of a day without a partition
-- go to the default one.
ALTER FUNCTION lectern.ensure_partitions(integer) SET lock_timeout = '200ms';

-- For how many days a subject of retention is kept: 'job', 'done', 'event' or 'dead'.
CREATE FUNCTION lectern.keep_days(of_subject text) RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT coalesce((SELECT r.keep_days FROM lectern.retention r WHERE r.subject = of_subject),
                  CASE of_subject WHEN 'dead' THEN 90 ELSE 30 END)
$$;

-- The first day (UTC) of which something is kept.
CREATE FUNCTION lectern.first_kept(of_subject text) RETURNS date LANGUAGE sql STABLE AS $$
  SELECT ((now() - make_interval(days => lectern.keep_days(of_subject))) AT TIME ZONE 'UTC')::date
$$;

-- Drops the oldest daily partition of `job`, `done` or `event` whose retention is over, and answers its name; null when
-- there is none. Bodies of jobs that are not over move to the default partition in the same transaction; a day with
-- more than `most_living` of them waits.
--
-- Locks the whole table, and gives up (55P03) when it cannot have that within 200 ms, during which others stand behind
-- it; the caller tries again later. What takes long, the search for living jobs, is done before the lock. From then on
-- an old job can only become alive by leaving `dead`, so a look at those letters by key is enough under the lock.
CREATE FUNCTION lectern.drop_old_partition(of_table text, most_living integer DEFAULT 5000) RETURNS text LANGUAGE plpgsql
SET lock_timeout = '200ms' AS $$
DECLARE
  part   record;
  low    bigint;
  high   bigint;
  living bigint[];
  buried bigint[];
BEGIN
  -- Makers and droppers of partitions lock default partitions in different orders, so they take turns.
  PERFORM pg_advisory_xact_lock(hashtextextended('lectern.ensure_partitions', 0));
  FOR part IN
    SELECT p.name, p.day FROM (
      SELECT c.relname AS name, to_date(substring(c.relname FROM '_([0-9]{8})$'), 'YYYYMMDD') AS day
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = ('lectern.' || quote_ident(of_table))::regclass) AS p
    WHERE p.day < lectern.first_kept(of_table) ORDER BY p.day
  LOOP
    IF of_table = 'job' THEN
      low := lectern.day_floor(part.day);
      high := lectern.day_floor(part.day + 1);
      -- One statement, one snapshot: a job that moves meanwhile is seen in one of its places.
      SELECT array_agg(p.job_id) FILTER (WHERE p.is_living), array_agg(p.job_id) FILTER (WHERE NOT p.is_living)
      INTO living, buried FROM (
        SELECT r.job_id, true AS is_living FROM lectern.ready r WHERE r.job_id >= low AND r.job_id < high
        UNION ALL SELECT s.job_id, true FROM lectern.scheduled s WHERE s.job_id >= low AND s.job_id < high
        UNION ALL SELECT b.job_id, true FROM lectern.blocked b WHERE b.job_id >= low AND b.job_id < high
        UNION ALL SELECT l.job_id, true FROM lectern.lease l WHERE l.job_id >= low AND l.job_id < high
        UNION ALL SELECT d.job_id, false FROM lectern.dead d WHERE d.job_id >= low AND d.job_id < high) AS p;
      CONTINUE WHEN cardinality(living) > most_living;
    END IF;
    EXECUTE format('ALTER TABLE lectern.%I DETACH PARTITION lectern.%I', of_table, part.name);
    IF of_table = 'job' THEN
      living := living || ARRAY(
        SELECT b FROM unnest(buried) AS b WHERE NOT EXISTS (SELECT FROM lectern.dead d WHERE d.job_id = b));
      EXECUTE format('INSERT INTO lectern.job SELECT p.* FROM lectern.%I p WHERE p.id = ANY ($1)', part.name) USING living;
    END IF;
    EXECUTE format('DROP TABLE lectern.%I', part.name);
    RETURN part.name;
  END LOOP;
  RETURN NULL;
END $$;

-- The sweeps below probe bodies and places by key, whatever the statistics say: those tables may be large.

-- Deletes dead letters past their retention, at most so many, the oldest first, with their bodies. A letter stays as
-- long as bodies of its day are kept, and while a job needs it: it may be redriven.
CREATE FUNCTION lectern.sweep_dead(most integer) RETURNS integer LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  letters bigint[];
  swept   integer;
BEGIN
  letters := ARRAY(
    SELECT d.job_id FROM lectern.dead d
    WHERE d.died_at < lectern.first_kept('dead')::timestamp AT TIME ZONE 'UTC'
      AND d.job_id < lectern.day_floor(lectern.first_kept('job'))
      AND NOT EXISTS (SELECT FROM lectern.dependency n WHERE n.needs = d.job_id)
    ORDER BY d.died_at LIMIT most FOR UPDATE SKIP LOCKED);
  -- Whoever came to need a letter before it was locked is seen by now.
  WITH gone AS (
    DELETE FROM lectern.dead d
    WHERE d.job_id = ANY (letters) AND NOT EXISTS (SELECT FROM lectern.dependency n WHERE n.needs = d.job_id)
    RETURNING d.job_id
  ), bodies AS (
    DELETE FROM lectern.job j WHERE j.id = ANY (ARRAY(SELECT g.job_id FROM gone g))
  )
  SELECT count(*) INTO swept FROM gone;
  RETURN swept;
END $$;

-- Deletes what the default partitions hold past its retention, at most so many rows of each: bodies that outlived their
-- partition, rows of a day whose partition was late. A body stays while its job lives or is a dead letter.
CREATE FUNCTION lectern.sweep_defaults(most integer) RETURNS integer LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  swept integer;
  total integer := 0;
BEGIN
  DELETE FROM lectern.job_default WHERE ctid = ANY (ARRAY(
    SELECT j.ctid FROM lectern.job_default j
    WHERE j.id < lectern.day_floor(lectern.first_kept('job'))
      AND NOT EXISTS (SELECT FROM lectern.ready r
                      WHERE r.queue = j.queue AND r.lane = ANY ('{0,10,20}'::smallint[])
                        AND r.tag = coalesce(j.tag, j.id) AND r.job_id = j.id)
      AND NOT EXISTS (SELECT FROM lectern.scheduled s WHERE s.job_id = j.id)
      AND NOT EXISTS (SELECT FROM lectern.blocked b WHERE b.job_id = j.id)
      AND NOT EXISTS (SELECT FROM lectern.lease l WHERE l.job_id = j.id)
      AND NOT EXISTS (SELECT FROM lectern.dead d WHERE d.job_id = j.id)
    LIMIT most));
  GET DIAGNOSTICS swept = ROW_COUNT;
  total := total + swept;
  DELETE FROM lectern.done_default WHERE ctid = ANY (ARRAY(
    SELECT d.ctid FROM lectern.done_default d
    WHERE d.finished_at < lectern.first_kept('done')::timestamp AT TIME ZONE 'UTC' LIMIT most));
  GET DIAGNOSTICS swept = ROW_COUNT;
  total := total + swept;
  DELETE FROM lectern.event_default WHERE ctid = ANY (ARRAY(
    SELECT e.ctid FROM lectern.event_default e
    WHERE e.at < lectern.first_kept('event')::timestamp AT TIME ZONE 'UTC' LIMIT most));
  GET DIAGNOSTICS swept = ROW_COUNT;
  -- A row per scope and period: few, and not counted among the portions.
  DELETE FROM lectern.budget_spent s
  WHERE s.period_start < now() - interval '400 days' AND s.period_start > '-infinity';
  RETURN total + swept;
END $$;

-- Deletes what has served its time, at most so many rows of each kind; rows that somebody uses are left to the next
-- sweep. Idempotency keys go at their end. A lineage goes after 30 days, once its newest job has no body and so does
-- not live. A requester's tag says nothing once the present has passed it; a day is room for priorities. Firings are
-- remembered for 30 days, for people: `cron.settled_at` is what keeps them from being repeated.
CREATE FUNCTION lectern.sweep_leftovers(most integer) RETURNS integer LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
  swept integer;
  total integer := 0;
BEGIN
  DELETE FROM lectern.idem WHERE ctid = ANY (ARRAY(
    SELECT i.ctid FROM lectern.idem i WHERE i.expires_at <= now()
    ORDER BY i.expires_at LIMIT most FOR UPDATE SKIP LOCKED));
  GET DIAGNOSTICS swept = ROW_COUNT;
  total := total + swept;
  DELETE FROM lectern.lineage WHERE ctid = ANY (ARRAY(
    SELECT l.ctid FROM lectern.lineage l
    WHERE l.at < now() - interval '30 days' AND NOT EXISTS (SELECT FROM lectern.job j WHERE j.id = l.job_id)
    LIMIT most FOR UPDATE SKIP LOCKED));
  GET DIAGNOSTICS swept = ROW_COUNT;
  total := total + swept;
  DELETE FROM lectern.fair WHERE ctid = ANY (ARRAY(
    SELECT f.ctid FROM lectern.fair f
    WHERE f.last_tag < (extract(epoch FROM now() - interval '1 day') * 1000)::bigint << 20
    LIMIT most FOR UPDATE SKIP LOCKED));
  GET DIAGNOSTICS swept = ROW_COUNT;
  total := total + swept;
  DELETE FROM lectern.cron_fire WHERE ctid = ANY (ARRAY(
    SELECT c.ctid FROM lectern.cron_fire c
    WHERE c.at < now() - interval '30 days' AND c.fired_at < now() - interval '30 days'
    LIMIT most FOR UPDATE SKIP LOCKED));
  GET DIAGNOSTICS swept = ROW_COUNT;
  total := total + swept;
  DELETE FROM lectern.batch WHERE ctid = ANY (ARRAY(
    SELECT b.ctid FROM lectern.batch b WHERE b.finished_at < now() - interval '30 days'
    LIMIT most FOR UPDATE SKIP LOCKED));
  GET DIAGNOSTICS swept = ROW_COUNT;
  RETURN total + swept;
END $$;

-- Publishes the lowest runnable tag of every queue and lane; lanes without runnable rows have none. Hops from queue to
-- queue along the primary key of `ready`, then one probe of it per lane.
CREATE FUNCTION lectern.publish_clock() RETURNS void LANGUAGE sql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off AS $$
  WITH RECURSIVE hop AS (
    (SELECT r.queue FROM lectern.ready r ORDER BY r.queue LIMIT 1)
    UNION ALL
    SELECT (SELECT r.queue FROM lectern.ready r WHERE r.queue > h.queue ORDER BY r.queue LIMIT 1)
    FROM hop h WHERE h.queue IS NOT NULL
  ), found AS MATERIALIZED (
    SELECT h.queue, probe.lane, first.tag
    FROM hop h CROSS JOIN unnest('{0,10,20}'::smallint[]) AS probe (lane)
    CROSS JOIN LATERAL (
      SELECT r.tag FROM lectern.ready r WHERE r.queue = h.queue AND r.lane = probe.lane
      ORDER BY r.tag, r.job_id LIMIT 1) AS first
    WHERE h.queue IS NOT NULL
  ), stale AS (
    DELETE FROM lectern.queue_clock c
    WHERE NOT EXISTS (SELECT FROM found f WHERE f.queue = c.queue AND f.lane = c.lane)
  )
  INSERT INTO lectern.queue_clock AS c (queue, lane, tag)
  SELECT f.queue, f.lane, f.tag FROM found f ORDER BY f.queue, f.lane
  ON CONFLICT (queue, lane) DO UPDATE SET tag = excluded.tag, at = excluded.at
$$;
