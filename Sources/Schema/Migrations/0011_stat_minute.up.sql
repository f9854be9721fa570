-- What happened in each minute, by queue and kind: one row per process that did something. Rates, percentiles and costs
-- are read here, so that nothing counts finished jobs.
CREATE TABLE lectern.stat_minute (
  minute      timestamptz NOT NULL,
  queue       text    COLLATE "C" NOT NULL,
  kind        text    COLLATE "C" NOT NULL,
  source      text    COLLATE "C" NOT NULL,
  part        integer NOT NULL,
  started     integer NOT NULL DEFAULT 0,
  succeeded   integer NOT NULL DEFAULT 0,
  retried     integer NOT NULL DEFAULT 0,
  snoozed     integer NOT NULL DEFAULT 0,
  released    integer NOT NULL DEFAULT 0,
  discarded   integer NOT NULL DEFAULT 0,
  cancelled   integer NOT NULL DEFAULT 0,
  fenced      integer NOT NULL DEFAULT 0,
  cost_micros bigint  NOT NULL DEFAULT 0,
  wait_ms     integer[] NOT NULL DEFAULT '{}',
  run_ms      integer[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (minute, queue, kind, source)
) PARTITION BY RANGE (minute);
COMMENT ON COLUMN lectern.stat_minute.source IS 'the process that counted: its name and a random mark of its start';
COMMENT ON COLUMN lectern.stat_minute.part IS 'number of the last report added, so that a repeated one adds nothing';
COMMENT ON COLUMN lectern.stat_minute.fenced IS 'ends of runs that were refused, since their leases were lost';
COMMENT ON COLUMN lectern.stat_minute.wait_ms IS
  'histogram: pairs of a value and its count; several histograms are added by writing one behind the other';
COMMENT ON COLUMN lectern.stat_minute.run_ms IS 'of runs that ended; what was snoozed or handed back is left out';
-- Takes what no daily partition takes.
CREATE TABLE lectern.stat_minute_default PARTITION OF lectern.stat_minute DEFAULT;

-- Makes the daily partitions of the statistics, as ensure_queue_partitions does for the jobs' rows, and deletes what the
-- default partition holds past its retention. The caller holds the makers' lock.
CREATE FUNCTION lectern.ensure_stat_partitions(days integer DEFAULT 3) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  today date := (now() AT TIME ZONE 'UTC')::date;
  made  integer := 0;
  day   date;
  label text;
BEGIN
  DELETE FROM lectern.stat_minute_default
  WHERE minute < lectern.first_kept('stat_minute')::timestamp AT TIME ZONE 'UTC';
  FOR day IN SELECT today + n FROM generate_series(0, days) AS n LOOP
    label := 'stat_minute_' || to_char(day, 'YYYYMMDD');
    -- A day whose rows already stand in the default partition stays there: moving them would lock the table.
    IF to_regclass('lectern.' || label) IS NULL
       AND NOT EXISTS (SELECT FROM lectern.stat_minute_default
                       WHERE minute >= day::timestamp AT TIME ZONE 'UTC'
                         AND minute < (day + 1)::timestamp AT TIME ZONE 'UTC') THEN
      EXECUTE format('CREATE TABLE lectern.%I PARTITION OF lectern.stat_minute FOR VALUES FROM (%L) TO (%L)',
                     label, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
      made := made + 1;
    END IF;
  END LOOP;
  RETURN made;
END
$$;

-- Whoever makes partitions makes these too, and gives up as soon where a table is busy.
ALTER FUNCTION lectern.ensure_partitions(integer) RENAME TO ensure_queue_partitions;
CREATE FUNCTION lectern.ensure_partitions(days integer DEFAULT 3) RETURNS integer LANGUAGE plpgsql
SET lock_timeout = '200ms' AS $$
BEGIN
  RETURN lectern.ensure_queue_partitions(days) + lectern.ensure_stat_partitions(days);
END
$$;

SELECT lectern.ensure_stat_partitions();
