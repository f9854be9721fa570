-- The queue at full depth. What every process sends often is a function here: its plan is kept by the server's
-- session, also behind a pooler that allows no prepared statements. docs/job-lifecycle.md draws the states,
-- docs/decisions/0006 says what was measured.

-- Bodies: what a job carries beyond its arguments.
ALTER TABLE lectern.job
  ADD COLUMN tag         bigint,
  ADD COLUMN flags       smallint NOT NULL DEFAULT 0,
  ADD COLUMN expires_at  timestamptz,
  ADD COLUMN conc_key    text COLLATE "C",
  ADD COLUMN conc_limit  smallint,
  ADD COLUMN budgets     text[],
  ADD COLUMN cost_micros bigint NOT NULL DEFAULT 0,
  ADD COLUMN fair_key    text COLLATE "C",
  ADD COLUMN batch_id    bigint,
  ADD COLUMN lineage     text COLLATE "C",
  ADD COLUMN version     bigint,
  ADD COLUMN abandonable boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN lectern.job.tag IS 'place in its lane: milliseconds << 20 | sequence; the id where nothing moves it';
COMMENT ON COLUMN lectern.job.flags IS '1: the claim must look at limits, budgets or expiry; 2: the end has more to do';
COMMENT ON COLUMN lectern.job.abandonable IS 'ends when its last waiter leaves';

ALTER TABLE lectern.ready
  ADD COLUMN flags    smallint NOT NULL DEFAULT 0,
  ADD COLUMN since_ms bigint;
COMMENT ON COLUMN lectern.ready.since_ms IS 'when it became runnable, where that was later than its acceptance';

ALTER TABLE lectern.scheduled
  ADD COLUMN flags smallint NOT NULL DEFAULT 0,
  ADD COLUMN tag   bigint;

-- Rows that wait for something other than time: a limit, a budget, other jobs. One row per job, found by its gate.
CREATE TABLE lectern.blocked (
  job_id  bigint   NOT NULL PRIMARY KEY,
  queue   text     COLLATE "C" NOT NULL,
  lane    smallint NOT NULL,
  tag     bigint   NOT NULL,
  attempt smallint NOT NULL DEFAULT 0,
  crashes smallint NOT NULL DEFAULT 0,
  flags   smallint NOT NULL DEFAULT 0,
  gate    text     COLLATE "C" NOT NULL,
  since   timestamptz NOT NULL DEFAULT now(),
  run_at  timestamptz
);
CREATE INDEX blocked_gate ON lectern.blocked (gate, lane, tag, job_id);
COMMENT ON COLUMN lectern.blocked.gate IS 'kind:…, key:…, budget:…, needs:<job id>, batch:<id>';
COMMENT ON COLUMN lectern.blocked.run_at IS 'not before this time either, where it was delayed as well';

-- Leases are found by worker only when a worker is lost, so no index is paid for at every claim.
DROP INDEX lectern.lease_worker;
ALTER TABLE lectern.lease
  ADD COLUMN flags      smallint NOT NULL DEFAULT 0,
  ADD COLUMN wait_ms    integer  NOT NULL DEFAULT 0,
  ADD COLUMN unique_key text COLLATE "C",
  ADD COLUMN batch_id   bigint,
  ADD COLUMN progress   jsonb;

-- Wishes to stop a running job; they outlive the worker that should have heard them.
CREATE TABLE lectern.stop_wish (
  job_id  bigint      NOT NULL PRIMARY KEY,
  at      timestamptz NOT NULL DEFAULT now(),
  actor   text,
  outcome text        COLLATE "C" NOT NULL DEFAULT 'cancelled'
);
COMMENT ON COLUMN lectern.stop_wish.outcome IS 'how the job ends when its run obeys';
INSERT INTO lectern.stop_wish (job_id) SELECT job_id FROM lectern.lease WHERE cancel_requested;
ALTER TABLE lectern.lease DROP COLUMN cancel_requested;

ALTER TABLE lectern.worker ADD COLUMN wish text CHECK (wish IN ('quiet', 'stop'));
COMMENT ON COLUMN lectern.worker.wish IS 'quiet: claim nothing more; stop: drain and leave';

ALTER TABLE lectern.done DROP CONSTRAINT done_outcome_check;
ALTER TABLE lectern.done
  ADD CONSTRAINT done_outcome_check CHECK (outcome IN ('succeeded', 'cancelled', 'superseded', 'expired')),
  ADD COLUMN code text;

ALTER TABLE lectern.dead
  ADD COLUMN expires_at  timestamptz,
  ADD COLUMN conc_key    text COLLATE "C",
  ADD COLUMN conc_limit  smallint,
  ADD COLUMN budgets     text[],
  ADD COLUMN cost_micros bigint NOT NULL DEFAULT 0,
  ADD COLUMN fair_key    text COLLATE "C",
  ADD COLUMN batch_id    bigint,
  ADD COLUMN tag         bigint,
  ADD COLUMN lineage     text COLLATE "C",
  ADD COLUMN version     bigint,
  ADD COLUMN abandonable boolean NOT NULL DEFAULT false;

-- What operators say of a queue and of a kind. A row is there once something was said.
CREATE TABLE lectern.queue_control (
  queue        text COLLATE "C" NOT NULL PRIMARY KEY,
  paused_until timestamptz,
  reason       text,
  actor        text,
  max_running  integer CHECK (max_running >= 0),
  slots        integer CHECK (slots > 0),
  prefetch     integer CHECK (prefetch >= 0),
  ageing_ms    integer[] CHECK (cardinality(ageing_ms) = 2),
  updated_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN lectern.queue_control.slots IS 'runs at once in each worker process, instead of its own setting';
COMMENT ON COLUMN lectern.queue_control.ageing_ms IS 'waits after which the standard and the bulk lane get a share';
CREATE TABLE lectern.kind_control (
  kind         text COLLATE "C" NOT NULL PRIMARY KEY,
  queue        text COLLATE "C" NOT NULL,
  paused_until timestamptz,
  reason       text,
  actor        text,
  max_running  integer CHECK (max_running >= 0),
  timeout_ms   integer CHECK (timeout_ms > 0),
  max_attempts smallint CHECK (max_attempts > 0),
  updated_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX kind_control_queue ON lectern.kind_control (queue);

-- Admitted runs, by gate: the number of rows is the number of runs, so there is no counter that could leak.
CREATE TABLE lectern.slot (
  gate   text   COLLATE "C" NOT NULL,
  job_id bigint NOT NULL,
  PRIMARY KEY (gate, job_id)
);
CREATE INDEX slot_job ON lectern.slot (job_id);

-- Who waits for a job that several asked for. The empty name stands for somebody who never leaves.
CREATE TABLE lectern.waiter (
  job_id     bigint NOT NULL,
  waiter     text   COLLATE "C" NOT NULL,
  lane       smallint NOT NULL,
  expires_at timestamptz,
  PRIMARY KEY (job_id, waiter)
);

-- Idempotency keys with the fingerprint of what was asked under them.
CREATE TABLE lectern.idem (
  scope       text   COLLATE "C" NOT NULL,
  key         text   COLLATE "C" NOT NULL,
  fingerprint text   COLLATE "C" NOT NULL,
  job_id      bigint NOT NULL,
  expires_at  timestamptz NOT NULL,
  PRIMARY KEY (scope, key)
);
CREATE INDEX idem_expiry ON lectern.idem (expires_at);

-- The newest version of what is made again and again; an older one is not worth a run.
CREATE TABLE lectern.lineage (
  key     text   COLLATE "C" NOT NULL PRIMARY KEY,
  version bigint NOT NULL,
  job_id  bigint NOT NULL,
  at      timestamptz NOT NULL DEFAULT now()
);

-- Finds what a newer version supersedes; holds only jobs that have a lineage.
CREATE INDEX job_lineage ON lectern.job (lineage, version) WHERE lineage IS NOT NULL;

-- Jobs that lose their worth at a time. A row is cleared when its time has come, whatever became of the job.
CREATE TABLE lectern.expiry (
  at     timestamptz NOT NULL,
  job_id bigint      NOT NULL,
  PRIMARY KEY (at, job_id)
);

CREATE TABLE lectern.batch (
  id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name           text NOT NULL,
  created_at     timestamptz NOT NULL DEFAULT now(),
  is_sealed      boolean NOT NULL DEFAULT false,
  total          integer NOT NULL DEFAULT 0,
  succeeded      integer NOT NULL DEFAULT 0,
  dead           integer NOT NULL DEFAULT 0,
  cancelled      integer NOT NULL DEFAULT 0,
  completion_job bigint,
  finished_at    timestamptz
) WITH (fillfactor = 50);

CREATE TABLE lectern.dependency (
  needs  bigint NOT NULL,
  job_id bigint NOT NULL,
  PRIMARY KEY (needs, job_id)
);
CREATE INDEX dependency_job ON lectern.dependency (job_id);

-- Cost budgets: what may be spent in a period, what was, and what runs under way may still spend.
CREATE TABLE lectern.budget (
  scope      text   COLLATE "C" NOT NULL PRIMARY KEY,
  period     text   NOT NULL CHECK (period IN ('hour', 'day', 'month', 'total')),
  cap_micros bigint NOT NULL CHECK (cap_micros >= 0)
);
CREATE TABLE lectern.budget_spent (
  scope        text   COLLATE "C" NOT NULL,
  period_start timestamptz NOT NULL,
  micros       bigint NOT NULL DEFAULT 0,
  over_micros  bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (scope, period_start)
);
COMMENT ON COLUMN lectern.budget_spent.over_micros IS 'the part that exceeded what was held for the runs';
CREATE TABLE lectern.budget_hold (
  job_id bigint NOT NULL,
  scope  text   COLLATE "C" NOT NULL,
  micros bigint NOT NULL,
  at     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (job_id, scope)
);
CREATE INDEX budget_hold_scope ON lectern.budget_hold (scope);

-- Fairness: how far each requester's work reaches into the future of its queue.
CREATE TABLE lectern.fair (
  queue    text   COLLATE "C" NOT NULL,
  fair_key text   COLLATE "C" NOT NULL,
  last_tag bigint NOT NULL,
  PRIMARY KEY (queue, fair_key)
) WITH (fillfactor = 50);

-- How far each lane has been served, by the tag of its first runnable row; published by the leader every few seconds.
CREATE TABLE lectern.queue_clock (
  queue text     COLLATE "C" NOT NULL,
  lane  smallint NOT NULL,
  tag   bigint   NOT NULL,
  at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (queue, lane)
) WITH (fillfactor = 50);

-- The beginning of the period of a budget that holds the present.
CREATE FUNCTION lectern.period_start(period text) RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT CASE period WHEN 'total' THEN '-infinity'::timestamptz
         ELSE date_trunc(period, now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' END
$$;

-- What a scope may still promise now; null where it has no budget.
CREATE FUNCTION lectern.budget_left(wanted text) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT b.cap_micros
         - coalesce((SELECT s.micros FROM lectern.budget_spent s
                     WHERE s.scope = b.scope AND s.period_start = lectern.period_start(b.period)), 0)
         - coalesce((SELECT sum(h.micros) FROM lectern.budget_hold h WHERE h.scope = b.scope), 0)::bigint
  FROM lectern.budget b WHERE b.scope = wanted
$$;

-- One gate, one lock: who admits, blocks or frees at a gate holds it until the end of the transaction.
-- Several gates are locked in the order of their names.
CREATE FUNCTION lectern.lock_gates(gates text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE g text;
BEGIN
  FOR g IN SELECT DISTINCT x FROM unnest(gates) AS x ORDER BY x LOOP
    PERFORM pg_advisory_xact_lock(hashtextextended('gate:' || g, 0));
  END LOOP;
END $$;

-- Lets blocked rows, which the caller has locked, try again: now, or at their time where that is still to come.
CREATE FUNCTION lectern.unblock(opened bigint[]) RETURNS integer LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off AS $$
BEGIN
  IF cardinality(opened) = 0 THEN RETURN 0; END IF;
  WITH freed AS (
    DELETE FROM lectern.blocked b WHERE b.job_id = ANY (opened)
    RETURNING b.job_id, b.queue, b.lane, b.tag, b.attempt, b.crashes, b.flags, b.run_at
  ), later AS (
    INSERT INTO lectern.scheduled (run_at, job_id, queue, lane, tag, attempt, crashes, flags, why)
    SELECT run_at, job_id, queue, lane, tag, attempt, crashes, flags, 'delayed' FROM freed WHERE run_at > now()
  )
  INSERT INTO lectern.ready (queue, lane, tag, job_id, attempt, crashes, flags, since_ms)
  SELECT queue, lane, tag, job_id, attempt, crashes, flags, (extract(epoch FROM now()) * 1000)::bigint
  FROM freed WHERE run_at IS NULL OR run_at <= now();
  RETURN cardinality(opened);
END $$;

-- Lets the first `most` rows at a gate try again. They are looked at afresh when they are claimed. A row that somebody
-- holds is passed over: waiting for it here, with gates held, could be waiting in a circle. The next sweep finds it.
CREATE FUNCTION lectern.open_gate(wanted text, most integer) RETURNS integer LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off AS $$
DECLARE opened bigint[];
BEGIN
  -- Two statements: a row that was changed while the first waited for its lock stands where only the second sees it.
  -- Nothing sweeps the gates that open once, so their rows are waited for.
  IF wanted LIKE 'needs:%' OR wanted LIKE 'batch:%' THEN
    opened := ARRAY(
      SELECT b.job_id FROM lectern.blocked b WHERE b.gate = wanted
      ORDER BY b.lane, b.tag, b.job_id LIMIT most FOR UPDATE);
    -- The queue may be another than that of the job whose end opened the gate, so its workers are told.
    PERFORM pg_notify('lectern_jobs', b.queue) FROM lectern.blocked b WHERE b.job_id = ANY (opened) GROUP BY b.queue;
  ELSE
    opened := ARRAY(
      SELECT b.job_id FROM lectern.blocked b WHERE b.gate = wanted
      ORDER BY b.lane, b.tag, b.job_id LIMIT most FOR UPDATE SKIP LOCKED);
  END IF;
  RETURN lectern.unblock(opened);
END $$;

-- Lets rows at the gate of a budget try again, in their order, as long as there is room for what each will hold. One
-- that exceeds the whole cap can never run and stands in nobody's way.
CREATE FUNCTION lectern.open_budget(wanted text) RETURNS integer LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off AS $$
DECLARE
  budget lectern.budget;
  room   bigint := lectern.budget_left(substr(wanted, 8));
  held   record;
  free   bigint[] := '{}';
BEGIN
  SELECT * INTO budget FROM lectern.budget b WHERE b.scope = substr(wanted, 8);
  FOR held IN
    SELECT b.job_id, j.cost_micros FROM lectern.blocked b JOIN lectern.job j ON j.id = b.job_id
    WHERE b.gate = wanted AND coalesce(j.cost_micros <= budget.cap_micros, true)
    ORDER BY b.lane, b.tag, b.job_id LIMIT 500 FOR UPDATE OF b SKIP LOCKED
  LOOP
    EXIT WHEN room <= 0 OR room < held.cost_micros;
    room := room - held.cost_micros;
    free := free || held.job_id;
  END LOOP;
  RETURN lectern.unblock(free);
END $$;

-- How many runs a gate admits now: null without a limit.
CREATE FUNCTION lectern.gate_limit(gate text, of_key integer) RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN gate LIKE 'kind:%' THEN (
      SELECT CASE WHEN k.paused_until > now() THEN 0 ELSE k.max_running END
      FROM lectern.kind_control k WHERE k.kind = substr(gate, 6))
    WHEN gate LIKE 'queue:%' THEN (SELECT q.max_running FROM lectern.queue_control q WHERE q.queue = substr(gate, 7))
    ELSE of_key END
$$;

-- How many of the rows that wait at a gate could run now, as far as this gate goes.
CREATE FUNCTION lectern.gate_room(wanted text) RETURNS integer LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET jit = off AS $$
DECLARE
  first record;
  most  bigint;
  taken bigint;
BEGIN
  SELECT j.conc_limit INTO first FROM (
    SELECT b.job_id FROM lectern.blocked b WHERE b.gate = wanted ORDER BY b.lane, b.tag, b.job_id LIMIT 1) AS b
  JOIN lectern.job j ON j.id = b.job_id;
  IF NOT FOUND THEN RETURN 0; END IF;
  CASE split_part(wanted, ':', 1)
    WHEN 'kind', 'queue', 'key' THEN
      most := lectern.gate_limit(wanted, first.conc_limit);
      SELECT count(*) INTO taken FROM lectern.slot s WHERE s.gate = wanted;
      RETURN CASE WHEN most IS NULL THEN 2147483647 ELSE greatest(0, most - taken) END;
    -- Where money is short, that is counted out row by row when the gate opens.
    WHEN 'budget' THEN RETURN 2147483647;
    WHEN 'needs' THEN
      RETURN CASE WHEN EXISTS (SELECT FROM lectern.dependency d WHERE d.job_id = substr(wanted, 7)::bigint) THEN 0
                  ELSE 2147483647 END;
    WHEN 'batch' THEN
      RETURN CASE WHEN EXISTS (SELECT FROM lectern.batch x
                               WHERE x.id = substr(wanted, 7)::bigint AND x.finished_at IS NOT NULL)
                  THEN 2147483647 ELSE 0 END;
    ELSE RETURN 0;
  END CASE;
END $$;

-- Opens a gate for as many of the rows that wait there as it has room for, `most` at the most.
CREATE FUNCTION lectern.widen_gate(wanted text, most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE room integer;
BEGIN
  -- Money for one may be enough for several, and the other way round.
  IF wanted LIKE 'budget:%' THEN RETURN lectern.open_budget(wanted); END IF;
  room := least(most, lectern.gate_room(wanted));
  RETURN CASE WHEN room > 0 THEN lectern.open_gate(wanted, room) ELSE 0 END;
END $$;

-- Gives back what runs hold that are over: their slots, their held money. What is blocked at those gates may try
-- again. `spent` is the true cost of each run, null for what was held.
CREATE FUNCTION lectern.release_runs(ids bigint[], spent bigint[]) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off AS $$
DECLARE
  gates text[];
  freed integer[];
BEGIN
  SELECT array_agg(x.gate), array_agg(x.n) INTO gates, freed FROM (
    SELECT s.gate, count(*)::integer AS n FROM lectern.slot s WHERE s.job_id = ANY (ids) GROUP BY s.gate
    UNION ALL
    SELECT 'budget:' || h.scope, count(*)::integer FROM lectern.budget_hold h WHERE h.job_id = ANY (ids)
    GROUP BY h.scope
  ) AS x;
  IF gates IS NULL THEN RETURN; END IF;
  PERFORM lectern.lock_gates(gates);
  DELETE FROM lectern.slot s WHERE s.job_id = ANY (ids);
  WITH settled AS (
    DELETE FROM lectern.budget_hold h USING unnest(ids, spent) AS i (job_id, micros)
    WHERE h.job_id = i.job_id
    RETURNING h.scope, coalesce(i.micros, h.micros) AS micros, greatest(0, i.micros - h.micros) AS over_micros
  )
  INSERT INTO lectern.budget_spent AS b (scope, period_start, micros, over_micros)
  SELECT s.scope, lectern.period_start(c.period), sum(s.micros), sum(coalesce(s.over_micros, 0))
  FROM settled s JOIN lectern.budget c ON c.scope = s.scope GROUP BY s.scope, c.period ORDER BY s.scope
  ON CONFLICT (scope, period_start) DO UPDATE
    SET micros = b.micros + excluded.micros, over_micros = b.over_micros + excluded.over_micros;
  FOR i IN 1..cardinality(gates) LOOP
    PERFORM lectern.widen_gate(gates[i], freed[i]);
  END LOOP;
END $$;

-- What follows when jobs are over for good: keys fly no more, waiters are served, batches count, dependents go on.
-- `outcomes` are those of `done`, or 'dead'.
CREATE FUNCTION lectern.settle(ids bigint[], outcomes text[]) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off AS $$
DECLARE
  b record;
  counted bigint[];
BEGIN
  DELETE FROM lectern.flight f USING lectern.job j
  WHERE j.id = ANY (ids) AND f.key = j.unique_key AND f.job_id = j.id;
  DELETE FROM lectern.waiter w WHERE w.job_id = ANY (ids);
  DELETE FROM lectern.stop_wish s WHERE s.job_id = ANY (ids);
  counted := ARRAY(SELECT DISTINCT j.batch_id FROM lectern.job j
                   WHERE j.id = ANY (ids) AND j.batch_id IS NOT NULL ORDER BY j.batch_id);
  IF cardinality(counted) > 0 THEN
    -- Two ends that count in the same batches lock them in the same order.
    PERFORM FROM lectern.batch x WHERE x.id = ANY (counted) ORDER BY x.id FOR UPDATE;
    FOR b IN
      UPDATE lectern.batch x SET
        succeeded = x.succeeded + c.succeeded, dead = x.dead + c.dead, cancelled = x.cancelled + c.cancelled,
        finished_at = CASE WHEN x.is_sealed AND x.finished_at IS NULL
          AND x.succeeded + x.dead + x.cancelled + c.members >= x.total THEN now() ELSE x.finished_at END
      FROM (
        SELECT j.batch_id, count(*) AS members, count(*) FILTER (WHERE i.outcome = 'succeeded') AS succeeded,
               count(*) FILTER (WHERE i.outcome = 'dead') AS dead,
               count(*) FILTER (WHERE i.outcome NOT IN ('succeeded', 'dead')) AS cancelled
        FROM unnest(ids, outcomes) AS i (job_id, outcome) JOIN lectern.job j ON j.id = i.job_id
        WHERE j.batch_id IS NOT NULL GROUP BY j.batch_id
      ) c
      WHERE x.id = c.batch_id
      RETURNING x.id, x.finished_at
    LOOP
      IF b.finished_at IS NOT NULL THEN PERFORM lectern.open_gate('batch:' || b.id, 1); END IF;
    END LOOP;
  END IF;
  PERFORM lectern.settle_dependents(ids, outcomes);
END $$;

-- Who needed a job that succeeded waits for one job less; who needed one that will never run will not run either.
-- Who needs a dead one waits: it may be redriven.
CREATE FUNCTION lectern.settle_dependents(ids bigint[], outcomes text[]) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off AS $$
DECLARE
  dependent bigint;
BEGIN
  IF NOT EXISTS (SELECT FROM lectern.dependency d WHERE d.needs = ANY (ids)) THEN RETURN; END IF;
  PERFORM lectern.lock_gates(ARRAY(
    SELECT 'needs:' || d.job_id FROM lectern.dependency d WHERE d.needs = ANY (ids)));
  FOR dependent IN
    SELECT DISTINCT d.job_id FROM unnest(ids, outcomes) AS i (job_id, outcome)
    JOIN lectern.dependency d ON d.needs = i.job_id WHERE i.outcome NOT IN ('succeeded', 'dead')
  LOOP
    PERFORM lectern.remove_waiting(dependent, 'cancelled', 'dependency_cancelled');
  END LOOP;
  FOR dependent IN
    WITH met AS (
      DELETE FROM lectern.dependency d USING unnest(ids, outcomes) AS i (job_id, outcome)
      WHERE d.needs = i.job_id AND i.outcome = 'succeeded' RETURNING d.job_id, d.needs
    )
    SELECT DISTINCT m.job_id FROM met m
    WHERE NOT EXISTS (SELECT FROM lectern.dependency r WHERE r.job_id = m.job_id
                      AND NOT EXISTS (SELECT FROM met n WHERE n.job_id = r.job_id AND n.needs = r.needs))
  LOOP
    PERFORM lectern.open_gate('needs:' || dependent, 1);
  END LOOP;
END $$;

-- Lets one more row try at each gate of a row that could not use its chance, except at the one that was shut for it.
CREATE FUNCTION lectern.pass_on(q text, of_kind text, of_key text, budgets text[], shut text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM lectern.widen_gate(g, 1)
  FROM unnest(ARRAY['queue:' || q, 'kind:' || of_kind, 'key:' || of_key]
              || ARRAY(SELECT 'budget:' || b FROM unnest(budgets) AS b)) AS g
  WHERE g IS NOT NULL AND g IS DISTINCT FROM shut;
END $$;

-- Ends a job that is not running, if it still is not. True when this call ended it. Nobody joins its key meanwhile.
CREATE FUNCTION lectern.remove_waiting(wanted bigint, as_outcome text, with_code text) RETURNS boolean
LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
DECLARE
  body record;
  spent smallint;
  was_ready boolean;
BEGIN
  SELECT j.queue, j.kind, j.unique_key, coalesce(j.tag, j.id) AS tag, j.conc_key, j.budgets INTO body
  FROM lectern.job j WHERE j.id = wanted;
  IF NOT FOUND THEN RETURN false; END IF;
  IF body.unique_key IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(hashtextextended('key:' || body.unique_key, 0));
  END IF;
  DELETE FROM lectern.ready r
  WHERE r.queue = body.queue AND r.lane = ANY ('{0,10,20}'::smallint[]) AND r.tag = body.tag AND r.job_id = wanted
  RETURNING r.attempt INTO spent;
  was_ready := FOUND;
  IF NOT FOUND THEN
    DELETE FROM lectern.scheduled s WHERE s.job_id = wanted RETURNING s.attempt INTO spent;
  END IF;
  IF NOT FOUND THEN
    DELETE FROM lectern.blocked b WHERE b.job_id = wanted RETURNING b.attempt INTO spent;
  END IF;
  IF NOT FOUND THEN RETURN false; END IF;
  DELETE FROM lectern.dependency d WHERE d.job_id = wanted;
  INSERT INTO lectern.done (job_id, kind, queue, outcome, attempt, wait_ms, run_ms, code)
  VALUES (wanted, body.kind, body.queue, as_outcome, spent,
          least(2147483647, greatest(0, (extract(epoch FROM now()) * 1000)::bigint - (wanted >> 20))), 0, with_code);
  PERFORM lectern.settle(ARRAY[wanted], ARRAY[as_outcome]);
  -- A gate may have been opened for this row; then the next one there gets its chance.
  IF was_ready THEN PERFORM lectern.pass_on(body.queue, body.kind, body.conc_key, body.budgets, NULL); END IF;
  RETURN true;
END $$;

-- Leases runnable rows of a queue to a worker, the most urgent first.
--
-- `hints` holds, for each lane, a tag below which nothing is expected: a cost, never a promise, since every worker
-- asks without it from time to time. `aged` is the part of the batch that goes to rows of each lower lane that have
-- waited too long. Each leg walks the primary key of `ready`; rows that others hold are skipped. A worker that
-- was given up gets nothing. The shared lock lets a change of the queue's numbers wait for claims under way.
CREATE FUNCTION lectern.claim(q text, wanted integer, by_worker bigint, hints bigint[], aged integer DEFAULT 0)
RETURNS TABLE (job_id bigint, token bigint, attempt smallint, kind text, args text, max_attempts smallint,
               timeout_ms integer, flags smallint, unique_key text, trace text, wait_ms integer, lane smallint,
               tag bigint)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  now_ms  bigint := (extract(epoch FROM now()) * 1000)::bigint;
  pass    bigint;
  places  tid[];
  control lectern.queue_control;
  kinds   text[];
  timeouts integer[];
  tries   smallint[];
  limited boolean;
  special boolean;
  room    integer := wanted;
  got     integer;
  old     tid[] := '{}';
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('queue:' || q, 0));
  SELECT * INTO control FROM lectern.queue_control c WHERE c.queue = q;
  IF control.paused_until > now() THEN RETURN; END IF;
  PERFORM FROM lectern.worker w WHERE w.id = by_worker;
  IF NOT FOUND THEN RETURN; END IF;
  SELECT array_agg(k.kind), array_agg(k.timeout_ms), array_agg(k.max_attempts),
         bool_or(k.max_running IS NOT NULL OR k.paused_until > now())
  INTO kinds, timeouts, tries, limited FROM lectern.kind_control k WHERE k.queue = q;
  limited := coalesce(limited, false) OR control.max_running IS NOT NULL;

  -- A round may find only rows that are not admitted; they leave `ready`, and the next round looks behind them.
  FOR round IN 1..20 LOOP
    IF aged > 0 THEN
      old := ARRAY(
        SELECT p.place
        FROM unnest('{10,20}'::smallint[], hints[2:3], ARRAY[coalesce(control.ageing_ms[1], 60000),
                                                             coalesce(control.ageing_ms[2], 600000)])
             AS l (lane, low, age_ms)
        CROSS JOIN LATERAL (
          SELECT r.ctid AS place FROM lectern.ready r
          WHERE r.queue = q AND r.lane = l.lane AND r.tag >= l.low AND r.tag < (now_ms - l.age_ms) << 20
          ORDER BY r.tag, r.job_id LIMIT least(aged, room) FOR UPDATE SKIP LOCKED) p
        LIMIT room);
    END IF;
    -- A transaction does not skip its own locks, so the rows chosen for their age are left out by name.
    SELECT array_agg(c.place), bool_or(c.flags & 1 = 1) INTO places, special FROM (
      SELECT p.place, p.flags FROM unnest('{0,10,20}'::smallint[], hints) AS l (lane, low)
      CROSS JOIN LATERAL (
        SELECT r.ctid AS place, r.flags FROM lectern.ready r
        WHERE r.queue = q AND r.lane = l.lane AND r.tag >= l.low AND r.ctid <> ALL (old)
        ORDER BY r.tag, r.job_id LIMIT room FOR UPDATE SKIP LOCKED) p
      LIMIT room - cardinality(old)) c;
    IF cardinality(old) > 0 THEN
      places := old || places;
      special := coalesce(special, false) OR EXISTS (SELECT FROM lectern.ready r WHERE r.ctid = ANY (old) AND r.flags & 1 = 1);
    END IF;
    -- A claim of nothing goes on, so that a session has read and planned everything before its first job.
    IF places IS NULL AND wanted > 0 THEN RETURN; END IF;
    special := limited OR coalesce(special, false);
    IF special AND places IS NOT NULL THEN
      places := lectern.admit(q, places, round = 1);
      EXIT WHEN places IS NULL;
    END IF;
    pass := nextval('lectern.lease_token');
    RETURN QUERY
    WITH picked AS (
      DELETE FROM lectern.ready r WHERE r.ctid = ANY (places)
      RETURNING r.job_id, r.lane, r.tag, r.attempt, r.crashes, r.flags, r.since_ms
    ), body AS MATERIALIZED (
      SELECT p.job_id, p.lane, p.tag, (p.attempt + 1)::smallint AS attempt, p.crashes,
             (p.flags | CASE WHEN special THEN 2 ELSE 0 END)::smallint AS flags,
             least(2147483647, now_ms - coalesce(p.since_ms, p.job_id >> 20))::integer AS wait_ms,
             j.kind, j.args, j.unique_key, j.batch_id, j.trace,
             coalesce(tries[array_position(kinds, j.kind)], j.max_attempts) AS max_attempts,
             coalesce(timeouts[array_position(kinds, j.kind)], j.timeout_ms) AS timeout_ms
      FROM picked p JOIN lectern.job j ON j.id = p.job_id
    ), leased AS (
      INSERT INTO lectern.lease (job_id, token, worker, queue, kind, lane, tag, attempt, crashes, deadline, flags,
                                 wait_ms, unique_key, batch_id)
      SELECT b.job_id, pass, by_worker, q, b.kind, b.lane, b.tag, b.attempt, b.crashes,
             now() + (b.timeout_ms + 30000) * interval '1 millisecond', b.flags, b.wait_ms, b.unique_key, b.batch_id
      FROM body b
    )
    SELECT b.job_id, pass, b.attempt, b.kind, b.args::text, b.max_attempts, b.timeout_ms, b.flags, b.unique_key,
           b.trace, b.wait_ms, b.lane, b.tag
    FROM body b ORDER BY b.lane, b.tag, b.job_id;
    GET DIAGNOSTICS got = ROW_COUNT;
    room := room - got;
    EXIT WHEN room <= 0 OR NOT special;
  END LOOP;
END $$;

-- Of the rows at `places`, returns those that may run now and takes the slots and holds money for them. The others
-- leave `ready`: what came too late ends as expired, what meets a limit or an empty budget is blocked at that gate.
-- Who holds gates already may not wait for others of them, as they are waited for in the order of their names only: the
-- answer is null when one is held elsewhere.
CREATE FUNCTION lectern.admit(q text, places tid[], may_wait boolean) RETURNS tid[] LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  cand     record;
  admitted tid[] := '{}';
  expired  bigint[] := '{}';
  gates    text[];
  taken    integer[];
  at_gate  text;
  shut     text;
  place    integer;
  most     integer;
  left_micros bigint;
BEGIN
  SELECT array_agg(DISTINCT g ORDER BY g) INTO gates FROM (
    SELECT unnest(ARRAY['queue:' || q, 'kind:' || j.kind, 'key:' || j.conc_key]
                  || ARRAY(SELECT 'budget:' || s FROM unnest(j.budgets) AS s)) AS g
    FROM lectern.ready r JOIN lectern.job j ON j.id = r.job_id WHERE r.ctid = ANY (places)) AS x
  WHERE g IS NOT NULL;
  IF may_wait THEN
    PERFORM lectern.lock_gates(gates);
  ELSE
    FOREACH at_gate IN ARRAY gates LOOP
      IF NOT pg_try_advisory_xact_lock(hashtextextended('gate:' || at_gate, 0)) THEN RETURN NULL; END IF;
    END LOOP;
  END IF;
  SELECT array_agg((SELECT count(*) FROM lectern.slot s WHERE s.gate = g.name)::integer ORDER BY g.n) INTO taken
  FROM unnest(gates) WITH ORDINALITY AS g (name, n);
  FOR cand IN
    SELECT r.ctid AS place, r.*, j.kind, j.conc_key, j.conc_limit, j.budgets, j.cost_micros, j.expires_at,
           j.unique_key
    FROM lectern.ready r JOIN lectern.job j ON j.id = r.job_id WHERE r.ctid = ANY (places)
    ORDER BY r.lane, r.tag, r.job_id
  LOOP
    IF cand.expires_at <= now() THEN
      -- Whoever joins the key at this moment may wait for these rows, so nobody waits for him.
      IF cand.unique_key IS NULL OR pg_try_advisory_xact_lock(hashtextextended('key:' || cand.unique_key, 0)) THEN
        expired := expired || cand.job_id;
      END IF;
      CONTINUE;
    END IF;
    shut := NULL;
    FOREACH at_gate IN ARRAY ARRAY['queue:' || q, 'kind:' || cand.kind, 'key:' || cand.conc_key] LOOP
      CONTINUE WHEN at_gate IS NULL;
      most := lectern.gate_limit(at_gate, cand.conc_limit);
      IF taken[array_position(gates, at_gate)] >= most THEN
        shut := at_gate;
        EXIT;
      END IF;
    END LOOP;
    IF shut IS NULL THEN
      FOREACH at_gate IN ARRAY coalesce(cand.budgets, '{}') LOOP
        left_micros := lectern.budget_left(at_gate);
        IF left_micros < cand.cost_micros OR left_micros <= 0 THEN
          shut := 'budget:' || at_gate;
          EXIT;
        END IF;
      END LOOP;
    END IF;
    IF shut IS NOT NULL THEN
      DELETE FROM lectern.ready r WHERE r.ctid = cand.place;
      INSERT INTO lectern.blocked (job_id, queue, lane, tag, attempt, crashes, flags, gate)
      VALUES (cand.job_id, cand.queue, cand.lane, cand.tag, cand.attempt, cand.crashes, cand.flags, shut);
      -- Another gate may have been opened for this row, with a slot that nobody else was told of.
      PERFORM lectern.pass_on(q, cand.kind, cand.conc_key, cand.budgets, shut);
      CONTINUE;
    END IF;
    FOREACH at_gate IN ARRAY ARRAY['queue:' || q, 'kind:' || cand.kind, 'key:' || cand.conc_key] LOOP
      CONTINUE WHEN at_gate IS NULL OR lectern.gate_limit(at_gate, cand.conc_limit) IS NULL;
      INSERT INTO lectern.slot (gate, job_id) VALUES (at_gate, cand.job_id);
      place := array_position(gates, at_gate);
      taken[place] := taken[place] + 1;
    END LOOP;
    INSERT INTO lectern.budget_hold (job_id, scope, micros)
    SELECT cand.job_id, b.scope, cand.cost_micros FROM lectern.budget b WHERE b.scope = ANY (cand.budgets);
    admitted := admitted || cand.place;
  END LOOP;
  IF cardinality(expired) > 0 THEN
    PERFORM lectern.remove_waiting(e, 'expired', 'expired') FROM unnest(expired) AS e;
  END IF;
  RETURN admitted;
END $$;

-- Ends runs that succeeded and have nothing more to do. Answers the tokens' jobs that matched. Runs with more to do
-- take the long way. Locks the leases by primary key.
CREATE FUNCTION lectern.finish(ids bigint[], tokens bigint[], runs integer[], results jsonb[])
RETURNS TABLE (job_id bigint, is_busy boolean) LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE matched integer;
BEGIN
  RETURN QUERY
  WITH gone AS (
    DELETE FROM lectern.lease l USING unnest(ids, tokens, runs, results) AS i (job_id, token, run_ms, result)
    WHERE l.job_id = i.job_id AND l.token = i.token AND l.flags & 2 = 0
    RETURNING l.job_id, l.kind, l.queue, l.attempt, l.wait_ms, i.run_ms, i.result
  ), finished AS (
    INSERT INTO lectern.done (job_id, kind, queue, outcome, attempt, wait_ms, run_ms, result)
    SELECT g.job_id, g.kind, g.queue, 'succeeded', g.attempt, g.wait_ms, g.run_ms, g.result FROM gone g
  )
  SELECT g.job_id, false FROM gone g;
  GET DIAGNOSTICS matched = ROW_COUNT;
  IF matched < cardinality(ids) THEN
    RETURN QUERY
    SELECT e.job_id, e.is_busy FROM lectern.end_jobs(
      ids, tokens, array_fill('succeed'::text, ARRAY[cardinality(ids)]), array_fill(0::bigint, ARRAY[cardinality(ids)]),
      runs, results, array_fill(NULL::text, ARRAY[cardinality(ids)]), array_fill(NULL::text, ARRAY[cardinality(ids)]),
      array_fill(NULL::bigint, ARRAY[cardinality(ids)])) AS e;
  END IF;
END $$;

-- Ends runs in any way: each row goes from `lease` to the table its action names, if its token is still the lease's.
--
-- Answers the jobs that were ended, and those that are busy: somebody is joining their key at this moment, and a call
-- with several runs does not wait for that; a call with one run does.
CREATE FUNCTION lectern.end_jobs(ids bigint[], tokens bigint[], actions text[], delays bigint[], runs integer[],
                                 results jsonb[], codes text[], messages text[], spent bigint[])
RETURNS TABLE (job_id bigint, is_busy boolean) LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
  held   record;
  busy   bigint[] := '{}';
  ended  bigint[];
  costs  bigint[];
  final_ids bigint[];
  outcomes  text[];
BEGIN
  -- Whoever joined a key commits before the job's end, so that this transaction sees what was written for it.
  FOR held IN
    SELECT l.job_id, l.unique_key FROM lectern.lease l JOIN unnest(ids, tokens) AS i (job_id, token)
      ON l.job_id = i.job_id AND l.token = i.token
    WHERE l.unique_key IS NOT NULL ORDER BY l.unique_key
  LOOP
    IF cardinality(ids) = 1 THEN
      PERFORM pg_advisory_xact_lock(hashtextextended('key:' || held.unique_key, 0));
    ELSIF NOT pg_try_advisory_xact_lock(hashtextextended('key:' || held.unique_key, 0)) THEN
      busy := busy || held.job_id;
    END IF;
  END LOOP;
  WITH gone AS (
    DELETE FROM lectern.lease l
    USING (
      -- Who is to be stopped does not come back.
      SELECT u.job_id, u.token, u.delay_ms, u.run_ms, u.result, u.code, u.message, u.spent,
             CASE WHEN u.action IN ('retry', 'snooze', 'release', 'cancel')
                  THEN coalesce((SELECT s.outcome FROM lectern.stop_wish s WHERE s.job_id = u.job_id),
                                CASE u.action WHEN 'cancel' THEN 'cancelled' ELSE u.action END)
                  ELSE u.action END AS action
      FROM unnest(ids, tokens, actions, delays, runs, results, codes, messages, spent)
           AS u (job_id, token, action, delay_ms, run_ms, result, code, message, spent)
    ) i
    WHERE l.job_id = i.job_id AND l.token = i.token AND l.job_id <> ALL (busy)
    RETURNING l.*, i.action, i.delay_ms, i.run_ms, i.result, i.code, i.message, i.spent
  ), finished AS (
    INSERT INTO lectern.done (job_id, kind, queue, outcome, attempt, wait_ms, run_ms, result, code)
    SELECT g.job_id, g.kind, g.queue,
           CASE g.action WHEN 'succeed' THEN 'succeeded' ELSE g.action END,
           g.attempt, g.wait_ms, g.run_ms, g.result, CASE WHEN g.action <> 'succeed' THEN g.code END
    FROM gone g WHERE g.action IN ('succeed', 'cancelled', 'superseded', 'expired')
  ), later AS (
    INSERT INTO lectern.scheduled (run_at, job_id, queue, lane, tag, attempt, crashes, flags, why)
    SELECT now() + g.delay_ms * interval '1 millisecond', g.job_id, g.queue, g.lane, g.tag,
           CASE g.action WHEN 'retry' THEN g.attempt ELSE g.attempt - 1 END, g.crashes, g.flags, g.action
    FROM gone g WHERE g.action IN ('retry', 'snooze') AND g.delay_ms > 0
  ), again AS (
    INSERT INTO lectern.ready (queue, lane, tag, job_id, attempt, crashes, flags, since_ms)
    SELECT g.queue, g.lane, g.tag, g.job_id, CASE g.action WHEN 'retry' THEN g.attempt ELSE g.attempt - 1 END,
           g.crashes, g.flags, (extract(epoch FROM now()) * 1000)::bigint
    FROM gone g WHERE g.action = 'release' OR (g.action IN ('retry', 'snooze') AND g.delay_ms = 0)
  ), buried AS (
    INSERT INTO lectern.dead (job_id, queue, kind, args, lane, max_attempts, timeout_ms, unique_key, trace, actor,
                              expires_at, conc_key, conc_limit, budgets, cost_micros, fair_key, batch_id, tag,
                              lineage, version, abandonable, attempt, crashes, code, message)
    SELECT g.job_id, g.queue, g.kind, j.args, g.lane, j.max_attempts, j.timeout_ms, j.unique_key, j.trace, j.actor,
           j.expires_at, j.conc_key, j.conc_limit, j.budgets, j.cost_micros, j.fair_key, j.batch_id, j.tag,
           j.lineage, j.version, j.abandonable, g.attempt, g.crashes, coalesce(g.code, 'failed'), g.message
    FROM gone g JOIN lectern.job j ON j.id = g.job_id WHERE g.action = 'discard'
  ), told AS (
    INSERT INTO lectern.event (job_id, attempt, token, what, worker, code, message)
    SELECT g.job_id, g.attempt, g.token, CASE g.action WHEN 'cancelled' THEN 'cancel' ELSE g.action END, g.worker,
           g.code, g.message
    FROM gone g WHERE g.action NOT IN ('succeed', 'release')
  )
  -- A success that names no cost is taken to have cost what was foreseen; another end costs what it says, or nothing.
  SELECT array_agg(g.job_id),
         array_agg(CASE g.action WHEN 'succeed' THEN g.spent ELSE coalesce(g.spent, 0) END) FILTER (WHERE g.flags & 2 = 2),
         array_agg(g.job_id) FILTER (WHERE g.flags & 2 = 2),
         array_agg(CASE g.action WHEN 'succeed' THEN 'succeeded' WHEN 'discard' THEN 'dead'
                                 WHEN 'retry' THEN NULL WHEN 'snooze' THEN NULL WHEN 'release' THEN NULL
                                 ELSE g.action END) FILTER (WHERE g.flags & 2 = 2)
  INTO ended, costs, final_ids, outcomes FROM gone g;
  IF final_ids IS NOT NULL THEN
    PERFORM lectern.release_runs(final_ids, costs);
    -- A wish that was said while the runs ended was not seen above.
    PERFORM lectern.remove_waiting(s.job_id, s.outcome, s.outcome)
    FROM unnest(final_ids, outcomes) AS i (job_id, outcome) JOIN lectern.stop_wish s ON s.job_id = i.job_id
    WHERE i.outcome IS NULL;
    SELECT array_agg(i.job_id), array_agg(i.outcome) INTO final_ids, outcomes
    FROM unnest(final_ids, outcomes) AS i (job_id, outcome) WHERE i.outcome IS NOT NULL;
    IF final_ids IS NOT NULL THEN PERFORM lectern.settle(final_ids, outcomes); END IF;
  END IF;
  RETURN QUERY SELECT e, false FROM unnest(ended) AS e UNION ALL SELECT b, true FROM unnest(busy) AS b;
END $$;

-- Puts the jobs of a queue back that a worker holds without having heard of them: their tokens are above `after` and not
-- among `heard`. Reads the leases whole, which is done only after the answer to a claim was lost.
CREATE FUNCTION lectern.put_back(q text, by_worker bigint, after bigint, heard bigint[]) RETURNS integer
LANGUAGE plpgsql SET jit = off AS $$
DECLARE
  held  record;
  count integer := 0;
BEGIN
  -- In the order in which everybody locks keys.
  FOR held IN
    SELECT l.job_id, l.token FROM lectern.lease l
    WHERE l.worker = by_worker AND l.queue = q AND l.token > after AND l.token <> ALL (heard)
    ORDER BY l.unique_key NULLS FIRST, l.job_id
  LOOP
    count := count + (SELECT count(*) FROM lectern.end_jobs(
      ARRAY[held.job_id], ARRAY[held.token], '{release}', '{0}', '{0}', '{NULL}', '{NULL}', '{NULL}', '{NULL}'));
  END LOOP;
  RETURN count;
END $$;

-- Moves due rows from `scheduled` to `ready`, the earliest first, by the primary key of `scheduled`.
CREATE FUNCTION lectern.promote(most integer) RETURNS TABLE (promoted integer, next_ms bigint, queues text[])
LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
BEGIN
  WITH due AS (
    DELETE FROM lectern.scheduled
    WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM lectern.scheduled WHERE run_at <= now()
        ORDER BY run_at, job_id LIMIT most FOR UPDATE SKIP LOCKED))
    RETURNING job_id, queue, lane, tag, attempt, crashes, flags, run_at
  ), moved AS (
    INSERT INTO lectern.ready (queue, lane, tag, job_id, attempt, crashes, flags, since_ms)
    SELECT queue, lane, coalesce(tag, job_id), job_id, attempt, crashes, flags,
           (extract(epoch FROM run_at) * 1000)::bigint
    FROM due RETURNING queue
  )
  SELECT count(*)::integer, array_agg(DISTINCT queue) INTO promoted, queues FROM moved;
  SELECT ceil(extract(epoch FROM min(run_at) - now()) * 1000)::bigint INTO next_ms
  FROM lectern.scheduled WHERE run_at > now();
  RETURN NEXT;
END $$;

-- Takes leases from workers that went silent or vanished, and from runs past their deadline.
--
-- A job goes back to the front of its queue, unless its attempts are spent, it was held by two workers that died, or
-- somebody wanted it stopped. The attempt stays spent. The leases are read whole, so that is done only when a worker is
-- lost or `thorough` asks for it.
CREATE FUNCTION lectern.rescue(silence_ms bigint, thorough boolean)
RETURNS TABLE (lost integer, requeued integer, discarded integer, queues text[]) LANGUAGE plpgsql SET jit = off AS $$
#variable_conflict use_column
DECLARE
  gone_workers bigint[];
  held text;
  hooked bigint[];
  final_ids bigint[];
  outcomes text[];
BEGIN
  lost := 0; requeued := 0; discarded := 0;
  -- One sweeper at a time; whoever comes second has nothing to add.
  IF NOT pg_try_advisory_xact_lock(hashtextextended('lectern.rescue', 0)) THEN
    RETURN NEXT;
    RETURN;
  END IF;
  WITH silent AS (
    DELETE FROM lectern.worker WHERE seen_at < now() - silence_ms * interval '1 millisecond' RETURNING id
  )
  SELECT array_agg(id) INTO gone_workers FROM silent;
  lost := coalesce(cardinality(gone_workers), 0);
  IF lost = 0 AND NOT thorough THEN
    RETURN NEXT;
    RETURN;
  END IF;
  -- Whoever joins a key either commits before its job ends here or finds the key free.
  FOR held IN
    SELECT l.unique_key FROM lectern.lease l
    WHERE l.unique_key IS NOT NULL
      AND (l.worker = ANY (gone_workers) OR l.deadline < now()
           OR NOT EXISTS (SELECT FROM lectern.worker w WHERE w.id = l.worker))
    ORDER BY l.unique_key
  LOOP
    PERFORM pg_advisory_xact_lock(hashtextextended('key:' || held, 0));
  END LOOP;
  WITH taken AS (
    DELETE FROM lectern.lease l
    WHERE l.worker = ANY (gone_workers) OR l.deadline < now()
       OR NOT EXISTS (SELECT FROM lectern.worker w WHERE w.id = l.worker)
    RETURNING l.*, l.deadline >= now() AS crashed
  ), judged AS (
    SELECT t.*, j.args, j.max_attempts, j.timeout_ms, j.trace, j.actor, j.expires_at, j.conc_key, j.conc_limit,
           j.budgets, j.cost_micros, j.fair_key, j.tag AS body_tag, j.lineage, j.version, j.abandonable,
           (SELECT s.outcome FROM lectern.stop_wish s WHERE s.job_id = t.job_id) AS wish,
           t.crashes + t.crashed::int AS all_crashes,
           CASE WHEN EXISTS (SELECT FROM lectern.stop_wish s WHERE s.job_id = t.job_id) THEN 'cancelled'
                WHEN t.attempt >= coalesce(k.max_attempts, j.max_attempts) OR t.crashes + t.crashed::int >= 2
                THEN 'dead'
                ELSE 'again' END AS verdict
    FROM taken t JOIN lectern.job j ON j.id = t.job_id LEFT JOIN lectern.kind_control k ON k.kind = t.kind
  ), again AS (
    INSERT INTO lectern.ready (queue, lane, tag, job_id, attempt, crashes, flags, since_ms)
    SELECT queue, lane, tag, job_id, attempt, all_crashes, flags, (extract(epoch FROM now()) * 1000)::bigint
    FROM judged WHERE verdict = 'again'
  ), buried AS (
    INSERT INTO lectern.dead (job_id, queue, kind, args, lane, max_attempts, timeout_ms, unique_key, trace, actor,
                              expires_at, conc_key, conc_limit, budgets, cost_micros, fair_key, batch_id, tag,
                              lineage, version, abandonable, attempt, crashes, code, message)
    SELECT job_id, queue, kind, args, lane, max_attempts, timeout_ms, unique_key, trace, actor, expires_at, conc_key,
           conc_limit, budgets, cost_micros, fair_key, batch_id, body_tag, lineage, version, abandonable, attempt,
           all_crashes,
           CASE WHEN all_crashes >= 2 THEN 'worker_killed' ELSE 'lost' END,
           'its worker went silent or its deadline passed'
    FROM judged WHERE verdict = 'dead'
  ), stopped AS (
    INSERT INTO lectern.done (job_id, kind, queue, outcome, attempt, wait_ms, run_ms, code)
    SELECT job_id, kind, queue, wish, attempt, wait_ms, 0, wish FROM judged WHERE verdict = 'cancelled'
  ), told AS (
    INSERT INTO lectern.event (job_id, attempt, token, what, worker, code)
    SELECT job_id, attempt, token, 'lost', worker, CASE WHEN crashed THEN 'worker_lost' ELSE 'deadline' END FROM taken
  )
  SELECT count(*) FILTER (WHERE verdict = 'again'), count(*) FILTER (WHERE verdict <> 'again'),
         array_agg(DISTINCT queue) FILTER (WHERE verdict = 'again'),
         array_agg(job_id) FILTER (WHERE flags & 2 = 2),
         array_agg(job_id) FILTER (WHERE flags & 2 = 2 AND verdict <> 'again'),
         array_agg(verdict) FILTER (WHERE flags & 2 = 2 AND verdict <> 'again')
  INTO requeued, discarded, queues, hooked, final_ids, outcomes FROM judged;
  IF hooked IS NOT NULL THEN
    PERFORM lectern.release_runs(hooked, array_fill(0::bigint, ARRAY[cardinality(hooked)]));
  END IF;
  IF final_ids IS NOT NULL THEN PERFORM lectern.settle(final_ids, outcomes); END IF;
  RETURN NEXT;
END $$;

-- Stops a job: 'cancelled' when it had not started and never will, 'requested' when a worker runs it and is to be told,
-- 'too_late' when it had ended or there is none. The key is free at once: who asks from now on gets a new job.
CREATE FUNCTION lectern.cancel(wanted bigint, as_outcome text, by_actor text) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off AS $$
DECLARE held_key text;
BEGIN
  SELECT j.unique_key INTO held_key FROM lectern.job j WHERE j.id = wanted;
  IF held_key IS NOT NULL THEN PERFORM pg_advisory_xact_lock(hashtextextended('key:' || held_key, 0)); END IF;
  -- The row may move between the places while they are looked through; a few looks settle it.
  FOR look IN 1..5 LOOP
    IF lectern.remove_waiting(wanted, as_outcome, as_outcome) THEN RETURN 'cancelled'; END IF;
    UPDATE lectern.lease l SET flags = l.flags | 2 WHERE l.job_id = wanted;
    IF FOUND THEN
      INSERT INTO lectern.stop_wish (job_id, actor, outcome) VALUES (wanted, by_actor, as_outcome)
      ON CONFLICT DO NOTHING;
      DELETE FROM lectern.flight f WHERE f.key = held_key AND f.job_id = wanted;
      RETURN 'requested';
    END IF;
    EXIT WHEN EXISTS (SELECT FROM lectern.done d WHERE d.job_id = wanted)
           OR EXISTS (SELECT FROM lectern.dead d WHERE d.job_id = wanted);
  END LOOP;
  RETURN 'too_late';
END $$;

-- Moves a job to a more urgent lane; a running one goes there when it comes back. Its place among the rows of that lane
-- is by its age. The caller holds the job's key, so that it does not end meanwhile.
CREATE FUNCTION lectern.escalate(wanted bigint, to_lane smallint) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off AS $$
DECLARE
  body  record;
  lower smallint[] := ARRAY(SELECT x FROM unnest('{0,10,20}'::smallint[]) AS x WHERE x > to_lane);
  moved lectern.ready;
BEGIN
  SELECT j.queue, coalesce(j.tag, j.id) AS tag INTO body FROM lectern.job j WHERE j.id = wanted;
  -- The row may move between the places while they are looked through; a few looks settle it.
  FOR look IN 1..5 LOOP
    DELETE FROM lectern.ready r
    WHERE r.queue = body.queue AND r.lane = ANY (lower) AND r.tag = body.tag AND r.job_id = wanted
    RETURNING r.* INTO moved;
    IF FOUND THEN
      moved.lane := to_lane;
      INSERT INTO lectern.ready SELECT moved.*;
      RETURN;
    END IF;
    UPDATE lectern.scheduled s SET lane = to_lane WHERE s.job_id = wanted AND s.lane > to_lane;
    IF FOUND THEN RETURN; END IF;
    UPDATE lectern.blocked b SET lane = to_lane WHERE b.job_id = wanted AND b.lane > to_lane;
    IF FOUND THEN RETURN; END IF;
    UPDATE lectern.lease l SET lane = to_lane WHERE l.job_id = wanted AND l.lane > to_lane;
    IF FOUND THEN RETURN; END IF;
    -- Somebody else was as urgent before.
    EXIT WHEN EXISTS (SELECT FROM lectern.ready r
                      WHERE r.queue = body.queue AND r.lane = ANY ('{0,10,20}'::smallint[]) AND r.lane <= to_lane
                        AND r.tag = body.tag AND r.job_id = wanted)
           OR EXISTS (SELECT FROM lectern.scheduled s WHERE s.job_id = wanted AND s.lane <= to_lane)
           OR EXISTS (SELECT FROM lectern.blocked b WHERE b.job_id = wanted AND b.lane <= to_lane)
           OR EXISTS (SELECT FROM lectern.lease l WHERE l.job_id = wanted AND l.lane <= to_lane);
  END LOOP;
END $$;

-- Where a needed job stands: 'live' (and it cannot end before this transaction does), 'succeeded', 'dead' or 'gone'.
-- Its end will look for dependents.
CREATE FUNCTION lectern.hold_needed(wanted bigint) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off AS $$
DECLARE
  body  record;
  state text;
BEGIN
  SELECT j.queue, coalesce(j.tag, j.id) AS tag INTO body FROM lectern.job j WHERE j.id = wanted;
  IF NOT FOUND THEN RETURN 'gone'; END IF;
  FOR look IN 1..10 LOOP
    UPDATE lectern.ready r SET flags = r.flags | 2
    WHERE r.queue = body.queue AND r.lane = ANY ('{0,10,20}'::smallint[]) AND r.tag = body.tag AND r.job_id = wanted;
    IF FOUND THEN RETURN 'live'; END IF;
    UPDATE lectern.lease l SET flags = l.flags | 2 WHERE l.job_id = wanted;
    IF FOUND THEN RETURN 'live'; END IF;
    UPDATE lectern.scheduled s SET flags = s.flags | 2 WHERE s.job_id = wanted;
    IF FOUND THEN RETURN 'live'; END IF;
    UPDATE lectern.blocked b SET flags = b.flags | 2 WHERE b.job_id = wanted;
    IF FOUND THEN RETURN 'live'; END IF;
    SELECT d.outcome INTO state FROM lectern.done d WHERE d.job_id = wanted LIMIT 1;
    IF FOUND THEN RETURN CASE state WHEN 'succeeded' THEN 'succeeded' ELSE 'gone' END; END IF;
    -- The lock keeps it from being redriven or discarded before the dependent is stored.
    PERFORM FROM lectern.dead d WHERE d.job_id = wanted FOR SHARE;
    IF FOUND THEN RETURN 'dead'; END IF;
  END LOOP;
  RETURN 'gone';
END $$;

-- Stores one job that asks for more than a place in a lane. `extra` holds, each optional: `priority` (minutes of age
-- it starts with), `fair` {key, step_ms}, `conc` {key, limit}, `budgets` [scope] with `cost` (micros), `expires_ms`,
-- `batch`, `lineage` {key, version}, `needs` [job id], `gate`, `waiter` {name, ttl_ms},
-- `idem` {scope, key, ttl_ms, fingerprint}. A delay counts from now, also for what waits at a gate.
--
-- Status: 0 stored, 1 joined the live job with this key, 2 not stored since a newer version exists, 3 the answer of an
-- earlier request with the same idempotency key. Errors: LQ001 the idempotency key was used for something else,
-- LQ002 a needed job does not exist or was cancelled.
CREATE FUNCTION lectern.enqueue_one(new_id bigint, to_queue text, of_kind text, body jsonb, to_lane smallint, tries smallint,
                                    timeout integer, delay bigint, unique_on text, parent text, asker text,
                                    extra jsonb, OUT id bigint, OUT status smallint)
LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
DECLARE
  place     bigint;
  bits      smallint := 0;
  gate      text := extra ->> 'gate';
  holder    bigint;
  needed    bigint;
  known     record;
  older     bigint;
  waits     boolean := false;
BEGIN
  status := 0;
  IF extra ? 'idem' THEN
    PERFORM pg_advisory_xact_lock(hashtextextended(
      'idem:' || (extra #>> '{idem,scope}') || ':' || (extra #>> '{idem,key}'), 0));
    SELECT i.job_id, i.fingerprint INTO known FROM lectern.idem i
    WHERE i.scope = extra #>> '{idem,scope}' AND i.key = extra #>> '{idem,key}' AND i.expires_at > now();
    IF FOUND THEN
      IF known.fingerprint <> extra #>> '{idem,fingerprint}' THEN
        RAISE EXCEPTION 'the idempotency key was used for another request' USING ERRCODE = 'LQ001';
      END IF;
      id := known.job_id;
      status := 3;
      RETURN;
    END IF;
  END IF;
  id := new_id;

  IF extra ? 'lineage' THEN
    PERFORM pg_advisory_xact_lock(hashtextextended('lineage:' || (extra #>> '{lineage,key}'), 0));
    SELECT l.version, l.job_id INTO known FROM lectern.lineage l WHERE l.key = extra #>> '{lineage,key}';
    IF known.version > (extra #>> '{lineage,version}')::bigint THEN
      id := known.job_id;
      status := 2;
    ELSIF known.version < (extra #>> '{lineage,version}')::bigint THEN
      -- Before the key is looked at, so that the newer version does not join the older one. What is older still was
      -- stopped when that version came.
      FOR older IN
        SELECT j.id FROM lectern.job j
        WHERE j.lineage = extra #>> '{lineage,key}' AND j.version = known.version
          AND NOT EXISTS (SELECT FROM lectern.done d WHERE d.job_id = j.id)
        ORDER BY j.unique_key, j.id
      LOOP
        PERFORM lectern.cancel(older, 'superseded', 'lineage');
      END LOOP;
    END IF;
  END IF;

  IF unique_on IS NOT NULL AND status = 0 THEN
    FOR look IN 1..50 LOOP
      PERFORM pg_advisory_xact_lock_shared(hashtextextended('key:' || unique_on, 0));
      SELECT f.job_id INTO holder FROM lectern.flight f WHERE f.key = unique_on;
      IF FOUND THEN
        status := 1;
        EXIT;
      END IF;
      INSERT INTO lectern.flight (key, job_id) VALUES (unique_on, id) ON CONFLICT DO NOTHING;
      EXIT WHEN FOUND;
      -- Somebody stored it and ended it in between; every further look needs another such job.
      IF look = 50 THEN
        RAISE EXCEPTION 'the unique key changed hands too often to be joined' USING ERRCODE = '55P03';
      END IF;
    END LOOP;
    bits := 2;
  END IF;

  IF status = 1 THEN
    id := holder;
    IF EXISTS (SELECT FROM lectern.job j WHERE j.id = holder AND j.lane > to_lane) THEN
      PERFORM lectern.escalate(holder, to_lane);
    END IF;
    -- Only a job that may be abandoned has to know who still waits.
    IF EXISTS (SELECT FROM lectern.job j WHERE j.id = holder AND j.abandonable) THEN
      INSERT INTO lectern.waiter AS w (job_id, waiter, lane, expires_at)
      VALUES (holder, coalesce(extra #>> '{waiter,name}', ''), to_lane,
              now() + (extra #>> '{waiter,ttl_ms}')::bigint * interval '1 millisecond')
      ON CONFLICT (job_id, waiter) DO UPDATE
        SET expires_at = greatest(w.expires_at, excluded.expires_at), lane = least(w.lane, excluded.lane);
    END IF;
  ELSIF status = 0 THEN
    IF extra ?| '{conc,budgets,expires_ms}' THEN bits := bits | 1; END IF;
    IF extra ?| '{conc,budgets,batch,waiter}' THEN bits := bits | 2; END IF;
    IF extra ? 'priority' THEN
      place := id - ((extra ->> 'priority')::bigint * 60000 << 20);
    END IF;
    IF extra ? 'fair' THEN
      place := greatest(coalesce(place, id), (SELECT c.tag FROM lectern.queue_clock c
                                              WHERE c.queue = to_queue AND c.lane = to_lane));
      INSERT INTO lectern.fair AS f (queue, fair_key, last_tag) VALUES (to_queue, extra #>> '{fair,key}', place)
      ON CONFLICT (queue, fair_key) DO UPDATE
        SET last_tag = greatest(excluded.last_tag, f.last_tag + ((extra #>> '{fair,step_ms}')::bigint << 20))
      RETURNING last_tag INTO place;
    END IF;
    FOR needed IN SELECT x::bigint FROM jsonb_array_elements_text(extra -> 'needs') AS x ORDER BY x::bigint LOOP
      CASE lectern.hold_needed(needed)
        WHEN 'gone' THEN
          RAISE EXCEPTION 'the needed job % does not exist or was cancelled', needed USING ERRCODE = 'LQ002';
        WHEN 'succeeded' THEN NULL;
        ELSE
          INSERT INTO lectern.dependency (needs, job_id) VALUES (needed, id) ON CONFLICT DO NOTHING;
          waits := true;
      END CASE;
    END LOOP;
    IF waits THEN gate := 'needs:' || id; END IF;
    INSERT INTO lectern.job (id, queue, kind, args, lane, max_attempts, timeout_ms, unique_key, trace, actor, tag, flags,
                             expires_at, conc_key, conc_limit, budgets, cost_micros, fair_key, batch_id, lineage,
                             version, abandonable)
    VALUES (id, to_queue, of_kind, body, to_lane, tries, timeout, unique_on, parent, asker, place, bits,
            now() + (extra ->> 'expires_ms')::bigint * interval '1 millisecond',
            extra #>> '{conc,key}', (extra #>> '{conc,limit}')::smallint,
            ARRAY(SELECT jsonb_array_elements_text(extra -> 'budgets')), coalesce((extra ->> 'cost')::bigint, 0),
            extra #>> '{fair,key}', (extra ->> 'batch')::bigint, extra #>> '{lineage,key}',
            (extra #>> '{lineage,version}')::bigint, coalesce(extra ? 'waiter', false));
    IF gate IS NOT NULL THEN
      INSERT INTO lectern.blocked (job_id, queue, lane, tag, flags, gate, run_at)
      VALUES (id, to_queue, to_lane, coalesce(place, id), bits, gate,
              CASE WHEN delay > 0 THEN now() + delay * interval '1 millisecond' END);
    ELSIF delay > 0 THEN
      INSERT INTO lectern.scheduled (run_at, job_id, queue, lane, tag, flags, why)
      VALUES (now() + delay * interval '1 millisecond', id, to_queue, to_lane, place, bits, 'delayed');
    ELSE
      INSERT INTO lectern.ready (queue, lane, tag, job_id, flags) VALUES (to_queue, to_lane, coalesce(place, id), id, bits);
    END IF;
    IF extra ? 'expires_ms' THEN
      INSERT INTO lectern.expiry (at, job_id)
      VALUES (now() + (extra ->> 'expires_ms')::bigint * interval '1 millisecond', id);
    END IF;
    IF extra ? 'waiter' THEN
      INSERT INTO lectern.waiter (job_id, waiter, lane, expires_at)
      VALUES (id, extra #>> '{waiter,name}', to_lane,
              now() + (extra #>> '{waiter,ttl_ms}')::bigint * interval '1 millisecond');
    END IF;
  END IF;

  IF extra ? 'lineage' AND status <> 2 THEN
    INSERT INTO lectern.lineage (key, version, job_id)
    VALUES (extra #>> '{lineage,key}', (extra #>> '{lineage,version}')::bigint, id)
    ON CONFLICT ON CONSTRAINT lineage_pkey DO UPDATE
      SET version = excluded.version, job_id = excluded.job_id, at = now();
  END IF;
  IF extra ? 'idem' THEN
    INSERT INTO lectern.idem (scope, key, fingerprint, job_id, expires_at)
    VALUES (extra #>> '{idem,scope}', extra #>> '{idem,key}', extra #>> '{idem,fingerprint}', id,
            now() + (extra #>> '{idem,ttl_ms}')::bigint * interval '1 millisecond')
    ON CONFLICT ON CONSTRAINT idem_pkey DO UPDATE
      SET fingerprint = excluded.fingerprint, job_id = excluded.job_id, expires_at = excluded.expires_at;
  END IF;
END $$;

-- So many ids, made at one reading of the clock.
CREATE FUNCTION lectern.new_job_ids(wanted integer) RETURNS bigint[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE stamp bigint := (extract(epoch FROM clock_timestamp()) * 1000)::bigint << 20;
BEGIN
  RETURN ARRAY(SELECT stamp | (nextval('lectern.job_seq') & 1048575) FROM generate_series(1, wanted));
END $$;

-- Stores one job that may run at once and has no key and no options: body and place, and nothing to look at. Most
-- enqueues are of this kind, so its binds are scalars and it sets nothing.
CREATE FUNCTION lectern.enqueue_plain(to_queue text, of_kind text, body jsonb, in_lane smallint, tries smallint,
                                      timeout integer, parent text, asker text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE new_id bigint := lectern.new_job_id();
BEGIN
  INSERT INTO lectern.job (id, queue, kind, args, lane, max_attempts, timeout_ms, trace, actor)
  VALUES (new_id, to_queue, of_kind, body, in_lane, tries, timeout, parent, asker);
  INSERT INTO lectern.ready (queue, lane, tag, job_id) VALUES (to_queue, in_lane, new_id, new_id);
  RETURN new_id;
END $$;

-- The same, committed, and the workers woken after the commit without another round trip. The notification travels in a
-- transaction of its own, which does not wait for the disk: inside the first one, all committing writers would queue
-- behind one lock. One that finds no room is left out, since the job is stored and is found by polling.
CREATE PROCEDURE lectern.enqueue_and_wake(to_queue text, of_kind text, body jsonb, in_lane smallint, tries smallint,
                                          timeout integer, parent text, asker text, INOUT new_id bigint)
LANGUAGE plpgsql AS $$
BEGIN
  new_id := lectern.enqueue_plain(to_queue, of_kind, body, in_lane, tries, timeout, parent, asker);
  COMMIT;
  IF pg_notification_queue_usage() < 0.9 THEN
    PERFORM set_config('synchronous_commit', 'off', true), pg_notify('lectern_jobs', to_queue);
  END IF;
END $$;

-- Stores jobs: body and place of each. Rows that ask for nothing special go in together; the others one by one, in the
-- order of their keys, so that two callers never wait for each other. `keys` and `extras` are null where no row has
-- one. A batch takes the number of its new members at once; error LQ003: it is sealed, or there is none.
CREATE FUNCTION lectern.enqueue(in_queues text[], in_kinds text[], bodies jsonb[], in_lanes smallint[], tries smallint[],
                                timeouts integer[], delays bigint[], keys text[], traces text[], actors text[],
                                extras jsonb[])
RETURNS TABLE (n integer, job_id bigint, status smallint) LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
  one     record;
  added   record;
  members bigint[] := '{}';
BEGIN
  IF keys IS NULL AND extras IS NULL THEN
    RETURN QUERY
    WITH input AS MATERIALIZED (
      SELECT i.*, lectern.new_job_id() AS id
      FROM unnest(in_queues, in_kinds, bodies, in_lanes, tries, timeouts, delays, traces, actors) WITH ORDINALITY
           AS i (queue, kind, args, lane, max_attempts, timeout_ms, delay_ms, trace, actor, n)
    ), body AS (
      INSERT INTO lectern.job (id, queue, kind, args, lane, max_attempts, timeout_ms, trace, actor)
      SELECT i.id, i.queue, i.kind, i.args, i.lane, i.max_attempts, i.timeout_ms, i.trace, i.actor FROM input i
    ), now_ready AS (
      INSERT INTO lectern.ready (queue, lane, tag, job_id)
      SELECT i.queue, i.lane, i.id, i.id FROM input i WHERE i.delay_ms = 0
    ), later AS (
      INSERT INTO lectern.scheduled (run_at, job_id, queue, lane, why)
      SELECT now() + i.delay_ms * interval '1 millisecond', i.id, i.queue, i.lane, 'delayed'
      FROM input i WHERE i.delay_ms > 0
    )
    SELECT i.n::integer, i.id, 0::smallint FROM input i;
    RETURN;
  END IF;
  FOR one IN
    -- Ids are given in the order of the rows, so that equal lanes keep it.
    WITH input AS MATERIALIZED (
      SELECT i.*, lectern.new_job_id() AS id
      FROM unnest(in_queues, in_kinds, bodies, in_lanes, tries, timeouts, delays, keys, traces, actors, extras)
           WITH ORDINALITY
           AS i (queue, kind, args, lane, max_attempts, timeout_ms, delay_ms, key, trace, actor, extra, n)
    )
    SELECT * FROM input i ORDER BY i.key COLLATE "C" NULLS FIRST, i.n
  LOOP
    SELECT e.id, e.status INTO job_id, status FROM lectern.enqueue_one(
      one.id, one.queue, one.kind, one.args, one.lane, one.max_attempts, one.timeout_ms, one.delay_ms, one.key, one.trace,
      one.actor, one.extra) AS e;
    n := one.n;
    IF status = 0 AND one.extra ? 'batch' THEN members := members || (one.extra ->> 'batch')::bigint; END IF;
    RETURN NEXT;
  END LOOP;
  -- Last, since a job's end locks its key before its batch.
  FOR added IN SELECT m AS batch, count(*) AS jobs FROM unnest(members) AS m GROUP BY m ORDER BY m LOOP
    UPDATE lectern.batch b SET total = b.total + added.jobs WHERE b.id = added.batch AND NOT b.is_sealed;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'batch % is sealed or does not exist', added.batch USING ERRCODE = 'LQ003';
    END IF;
  END LOOP;
END $$;

-- The live job with this key, where joining it takes nothing but knowing it: it is as urgent as asked for, and nobody
-- has to be noted down. Null otherwise.
CREATE FUNCTION lectern.live_job(unique_on text, in_lane smallint) RETURNS bigint LANGUAGE plpgsql STABLE
SET enable_seqscan = off SET jit = off AS $$
BEGIN
  RETURN (SELECT f.job_id FROM lectern.flight f JOIN lectern.job j ON j.id = f.job_id
          WHERE f.key = unique_on AND j.lane <= in_lane AND NOT j.abandonable);
END $$;

-- Takes a waiter off a job. The job is cancelled when nobody waits for it any more and it was stored for waiters only.
-- Answers as `cancel` does, or 'left' when others still wait, 'unknown' when this waiter was not there.
CREATE FUNCTION lectern.leave(wanted bigint, name text) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off AS $$
DECLARE held_key text;
BEGIN
  -- The empty name stands for those who never leave.
  IF name = '' THEN RETURN 'unknown'; END IF;
  SELECT j.unique_key INTO held_key FROM lectern.job j WHERE j.id = wanted;
  -- Nobody may join between the look at the waiters and the cancellation.
  IF held_key IS NOT NULL THEN PERFORM pg_advisory_xact_lock(hashtextextended('key:' || held_key, 0)); END IF;
  DELETE FROM lectern.waiter w WHERE w.job_id = wanted AND w.waiter = name;
  IF NOT FOUND THEN RETURN 'unknown'; END IF;
  RETURN lectern.abandon(wanted);
END $$;

-- Cancels a job that was stored for waiters only and has none any more; 'left' when it goes on. The caller holds the
-- job's key.
CREATE FUNCTION lectern.abandon(wanted bigint) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM lectern.job j WHERE j.id = wanted AND j.abandonable)
     OR EXISTS (SELECT FROM lectern.waiter w WHERE w.job_id = wanted AND (w.expires_at IS NULL OR w.expires_at > now()))
  THEN RETURN 'left'; END IF;
  RETURN lectern.cancel(wanted, 'cancelled', 'last waiter');
END $$;
