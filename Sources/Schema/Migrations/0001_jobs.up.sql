-- The queue. A job's state is the table its row stands in: ready, scheduled, lease, done or dead; a transition
-- moves the row in one statement. Bodies (lectern.job) are written once and never updated.

CREATE SCHEMA IF NOT EXISTS lectern;

-- Fills the lower 20 bits of job ids.
CREATE SEQUENCE lectern.job_seq CACHE 50;
-- Fencing tokens: a later claim always holds a larger one.
CREATE SEQUENCE lectern.lease_token;

-- Milliseconds since 1970 << 20 | sequence: ids sort by time of acceptance and select the daily partition.
CREATE FUNCTION lectern.new_job_id() RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT ((extract(epoch FROM clock_timestamp()) * 1000)::bigint << 20) | (nextval('lectern.job_seq') & 1048575)
$$;

-- The time of acceptance that an id carries.
CREATE FUNCTION lectern.job_time(id bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
  SELECT to_timestamp((id >> 20) / 1000.0)
$$;

-- The smallest id of a day (UTC): the bound of a partition.
CREATE FUNCTION lectern.day_floor(day date) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT (extract(epoch FROM day::timestamp AT TIME ZONE 'UTC')::bigint * 1000) << 20
$$;

CREATE TABLE lectern.job (
  id           bigint   NOT NULL,
  queue        text     COLLATE "C" NOT NULL,
  kind         text     COLLATE "C" NOT NULL,
  args         jsonb    NOT NULL,
  lane         smallint NOT NULL,
  max_attempts smallint NOT NULL,
  timeout_ms   integer  NOT NULL,
  unique_key   text     COLLATE "C",
  trace        text,
  actor        text,
  PRIMARY KEY (id),
  CHECK (max_attempts > 0 AND timeout_ms > 0)
) PARTITION BY RANGE (id);
-- Takes what no daily partition takes, so that a late upkeep never refuses a job.
CREATE TABLE lectern.job_default PARTITION OF lectern.job DEFAULT;

-- Only rows that may run now. The primary key is the order in which they are claimed.
CREATE TABLE lectern.ready (
  queue   text     COLLATE "C" NOT NULL,
  lane    smallint NOT NULL,
  tag     bigint   NOT NULL,
  job_id  bigint   NOT NULL,
  attempt smallint NOT NULL DEFAULT 0,
  crashes smallint NOT NULL DEFAULT 0,
  PRIMARY KEY (queue, lane, tag, job_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000);
COMMENT ON COLUMN lectern.ready.attempt IS 'runs spent so far';
COMMENT ON COLUMN lectern.ready.crashes IS 'workers that died while they held the job';

-- Future and backed-off rows never touch the claim.
CREATE TABLE lectern.scheduled (
  run_at  timestamptz NOT NULL,
  job_id  bigint      NOT NULL,
  queue   text        COLLATE "C" NOT NULL,
  lane    smallint    NOT NULL,
  attempt smallint    NOT NULL DEFAULT 0,
  crashes smallint    NOT NULL DEFAULT 0,
  why     text        NOT NULL,
  PRIMARY KEY (run_at, job_id)
);
CREATE INDEX scheduled_job ON lectern.scheduled (job_id);

-- One heartbeat row per process. No index on seen_at, so that a heartbeat stays a heap-only update.
CREATE TABLE lectern.worker (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name       text        NOT NULL,
  queues     text[]      NOT NULL,
  slots      integer     NOT NULL,
  running    integer     NOT NULL DEFAULT 0,
  draining   boolean     NOT NULL DEFAULT false,
  started_at timestamptz NOT NULL DEFAULT now(),
  seen_at    timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);

CREATE TABLE lectern.lease (
  job_id     bigint      NOT NULL PRIMARY KEY,
  token      bigint      NOT NULL,
  worker     bigint      NOT NULL,
  queue      text        COLLATE "C" NOT NULL,
  kind       text        COLLATE "C" NOT NULL,
  lane       smallint    NOT NULL,
  tag        bigint      NOT NULL,
  attempt    smallint    NOT NULL,
  crashes    smallint    NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  deadline   timestamptz NOT NULL,
  cancel_requested boolean NOT NULL DEFAULT false
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_cost_delay = 0);
CREATE INDEX lease_worker ON lectern.lease (worker);
COMMENT ON COLUMN lectern.lease.attempt IS 'number of this run, 1 is the first';

-- Live unique keys only: a row goes when its job ends.
CREATE TABLE lectern.flight (
  key    text   COLLATE "C" NOT NULL PRIMARY KEY,
  job_id bigint NOT NULL
);

CREATE TABLE lectern.done (
  finished_at timestamptz NOT NULL DEFAULT now(),
  job_id      bigint      NOT NULL,
  kind        text        COLLATE "C" NOT NULL,
  queue       text        COLLATE "C" NOT NULL,
  outcome     text        COLLATE "C" NOT NULL CHECK (outcome IN ('succeeded', 'cancelled')),
  attempt     smallint    NOT NULL,
  wait_ms     integer     NOT NULL,
  run_ms      integer     NOT NULL,
  result      jsonb
) PARTITION BY RANGE (finished_at);
CREATE INDEX done_job ON lectern.done (job_id);
CREATE TABLE lectern.done_default PARTITION OF lectern.done DEFAULT;

-- Dead letters with their whole body: redrive works after the body's partition is gone.
CREATE TABLE lectern.dead (
  job_id       bigint      NOT NULL PRIMARY KEY,
  died_at      timestamptz NOT NULL DEFAULT now(),
  queue        text        COLLATE "C" NOT NULL,
  kind         text        COLLATE "C" NOT NULL,
  args         jsonb       NOT NULL,
  lane         smallint    NOT NULL,
  max_attempts smallint    NOT NULL,
  timeout_ms   integer     NOT NULL,
  unique_key   text        COLLATE "C",
  trace        text,
  actor        text,
  attempt      smallint    NOT NULL,
  crashes      smallint    NOT NULL,
  code         text        NOT NULL,
  message      text
);
CREATE INDEX dead_kind ON lectern.dead (kind, died_at);

-- What went wrong on the way: one row per failed, snoozed, lost or cancelled run.
CREATE TABLE lectern.event (
  at      timestamptz NOT NULL DEFAULT now(),
  job_id  bigint      NOT NULL,
  attempt smallint    NOT NULL,
  token   bigint,
  what    text        COLLATE "C" NOT NULL,
  worker  bigint,
  code    text,
  message text
) PARTITION BY RANGE (at);
CREATE INDEX event_job ON lectern.event (job_id, at);
CREATE TABLE lectern.event_default PARTITION OF lectern.event DEFAULT;

-- Makes the daily partitions of today and the days after it. Safe to call at any time, from several places at once.
CREATE FUNCTION lectern.ensure_partitions(days integer DEFAULT 3) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  today date := (now() AT TIME ZONE 'UTC')::date;
  made  integer := 0;
  day   date;
  label text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('lectern.ensure_partitions', 0));
  FOR day IN SELECT today + n FROM generate_series(0, days) AS n LOOP
    label := to_char(day, 'YYYYMMDD');
    -- A day whose rows already stand in a default partition stays there: moving them would lock the table.
    IF to_regclass('lectern.job_' || label) IS NULL
       AND NOT EXISTS (SELECT FROM lectern.job_default
                       WHERE id >= lectern.day_floor(day) AND id < lectern.day_floor(day + 1)) THEN
      EXECUTE format('CREATE TABLE lectern.%I PARTITION OF lectern.job FOR VALUES FROM (%s) TO (%s)',
                     'job_' || label, lectern.day_floor(day), lectern.day_floor(day + 1));
      made := made + 1;
    END IF;
    IF to_regclass('lectern.done_' || label) IS NULL
       AND NOT EXISTS (SELECT FROM lectern.done_default
                       WHERE finished_at >= day::timestamp AT TIME ZONE 'UTC'
                         AND finished_at < (day + 1)::timestamp AT TIME ZONE 'UTC') THEN
      EXECUTE format('CREATE TABLE lectern.%I PARTITION OF lectern.done FOR VALUES FROM (%L) TO (%L)',
                     'done_' || label, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
      made := made + 1;
    END IF;
    IF to_regclass('lectern.event_' || label) IS NULL
       AND NOT EXISTS (SELECT FROM lectern.event_default
                       WHERE at >= day::timestamp AT TIME ZONE 'UTC'
                         AND at < (day + 1)::timestamp AT TIME ZONE 'UTC') THEN
      EXECUTE format('CREATE TABLE lectern.%I PARTITION OF lectern.event FOR VALUES FROM (%L) TO (%L)',
                     'event_' || label, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
      made := made + 1;
    END IF;
  END LOOP;
  RETURN made;
END
$$;

SELECT lectern.ensure_partitions();
