-- What is done to jobs from outside their runs: dead letters are redriven or discarded, batches sealed, and what
-- nobody waits for any more or what came too late is swept away.

-- Pages of dead letters, the newest first: all of them, a queue's, a kind's.
DROP INDEX lectern.dead_kind;
CREATE INDEX dead_age ON lectern.dead (died_at, job_id);
CREATE INDEX dead_queue ON lectern.dead (queue, died_at, job_id);
CREATE INDEX dead_kind ON lectern.dead (kind, died_at, job_id);
CREATE INDEX waiter_expiry ON lectern.waiter (expires_at) WHERE expires_at IS NOT NULL;

-- Takes off the waiters whose time is over, the longest overdue first, and cancels jobs that have none left. Answers
-- how many left. A key that somebody is joining at this moment is left to the next sweep, so that no sweep waits.
CREATE FUNCTION lectern.sweep_waiters(most integer) RETURNS integer LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off AS $$
DECLARE
  late record;
  gone integer;
  total integer := 0;
BEGIN
  FOR late IN
    SELECT DISTINCT w.job_id, j.unique_key
    FROM (SELECT x.job_id FROM lectern.waiter x WHERE x.expires_at <= now() ORDER BY x.expires_at LIMIT most) w
    LEFT JOIN lectern.job j ON j.id = w.job_id
  LOOP
    CONTINUE WHEN late.unique_key IS NOT NULL
      AND NOT pg_try_advisory_xact_lock(hashtextextended('key:' || late.unique_key, 0));
    -- Looked at again under the lock: somebody may have prolonged his wait.
    DELETE FROM lectern.waiter w WHERE w.job_id = late.job_id AND w.expires_at <= now();
    GET DIAGNOSTICS gone = ROW_COUNT;
    CONTINUE WHEN gone = 0;
    total := total + gone;
    PERFORM lectern.abandon(late.job_id);
  END LOOP;
  RETURN total;
END $$;

-- Ends jobs that came too late where no claim looks at them: scheduled, blocked, in a paused queue or behind others.
-- Answers how many ended. A run under way goes on; should it come back, it is looked at again after half a minute.
CREATE FUNCTION lectern.sweep_expired(most integer) RETURNS integer LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off AS $$
DECLARE
  late  record;
  ended integer := 0;
BEGIN
  FOR late IN
    SELECT e.at, e.job_id, j.unique_key FROM lectern.expiry e LEFT JOIN lectern.job j ON j.id = e.job_id
    WHERE e.at <= now() ORDER BY e.at, e.job_id LIMIT most FOR UPDATE OF e SKIP LOCKED
  LOOP
    CONTINUE WHEN late.unique_key IS NOT NULL
      AND NOT pg_try_advisory_xact_lock(hashtextextended('key:' || late.unique_key, 0));
    IF lectern.remove_waiting(late.job_id, 'expired', 'expired') THEN
      ended := ended + 1;
    ELSIF EXISTS (SELECT FROM lectern.lease l WHERE l.job_id = late.job_id) THEN
      UPDATE lectern.expiry e SET at = now() + interval '30 seconds' WHERE e.at = late.at AND e.job_id = late.job_id;
      CONTINUE;
    ELSIF NOT EXISTS (SELECT FROM lectern.done d WHERE d.job_id = late.job_id)
          AND NOT EXISTS (SELECT FROM lectern.dead d WHERE d.job_id = late.job_id)
          AND EXISTS (SELECT FROM lectern.job j WHERE j.id = late.job_id) THEN
      -- It moved from place to place while it was looked for.
      CONTINUE;
    END IF;
    DELETE FROM lectern.expiry e WHERE e.at = late.at AND e.job_id = late.job_id;
  END LOOP;
  RETURN ended;
END $$;

-- Says that a batch takes no more jobs. One whose members have all ended, or that has none, is finished by this.
-- Answers false when there is no such batch.
CREATE FUNCTION lectern.seal_batch(wanted bigint) RETURNS boolean LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off AS $$
DECLARE sealed lectern.batch;
BEGIN
  UPDATE lectern.batch b SET
    is_sealed = true,
    finished_at = CASE WHEN b.finished_at IS NULL AND b.succeeded + b.dead + b.cancelled >= b.total THEN now()
                       ELSE b.finished_at END
  WHERE b.id = wanted RETURNING b.* INTO sealed;
  IF NOT FOUND THEN RETURN false; END IF;
  IF sealed.finished_at IS NOT NULL THEN PERFORM lectern.open_gate('batch:' || wanted, 1); END IF;
  RETURN true;
END $$;

-- A dead member of a batch is dead no more: it counts as under way again, or as cancelled. When the batch finished
-- stays as it is, since its completion job was let go then.
CREATE FUNCTION lectern.uncount_dead(of_batch bigint, is_over boolean) RETURNS void LANGUAGE sql AS $$
  UPDATE lectern.batch b SET dead = b.dead - 1, cancelled = b.cancelled + is_over::int WHERE b.id = of_batch
$$;

-- Gives a dead letter a new budget of attempts. 'redriven': it is runnable, at the place of its age. 'joined': a live
-- job holds its key and does the work, so it ended as superseded and who needed it needs that one. 'superseded': a
-- newer version exists. 'expired': its time is over, it stays. 'unknown': there is no such letter.
--
-- Locks as an enqueue does: lineage, key, then the letter.
CREATE FUNCTION lectern.redrive(wanted bigint, by_actor text) RETURNS text LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off AS $$
DECLARE
  letter  lectern.dead;
  holder  bigint;
  verdict text := 'redriven';
BEGIN
  SELECT * INTO letter FROM lectern.dead d WHERE d.job_id = wanted;
  IF NOT FOUND THEN RETURN 'unknown'; END IF;
  IF letter.expires_at <= now() THEN RETURN 'expired'; END IF;
  IF letter.lineage IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(hashtextextended('lineage:' || letter.lineage, 0));
  END IF;
  IF letter.unique_key IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(hashtextextended('key:' || letter.unique_key, 0));
  END IF;
  -- Waits for whoever stores a dependent of it; two redrives of one letter follow each other here.
  DELETE FROM lectern.dead d WHERE d.job_id = wanted;
  IF NOT FOUND THEN RETURN 'unknown'; END IF;
  IF EXISTS (SELECT FROM lectern.lineage l WHERE l.key = letter.lineage AND l.version > letter.version) THEN
    verdict := 'superseded';
  ELSIF letter.unique_key IS NOT NULL THEN
    INSERT INTO lectern.flight (key, job_id) VALUES (letter.unique_key, wanted) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
      SELECT f.job_id INTO holder FROM lectern.flight f WHERE f.key = letter.unique_key;
      verdict := 'joined';
    END IF;
  END IF;
  PERFORM lectern.uncount_dead(letter.batch_id, verdict <> 'redriven');
  INSERT INTO lectern.event (job_id, attempt, what, code, message)
  VALUES (wanted, letter.attempt, 'redriven', verdict, by_actor);

  IF verdict = 'redriven' THEN
    -- The body's partition may be gone, or the body with it; what stands there is never changed.
    INSERT INTO lectern.job (id, queue, kind, args, lane, max_attempts, timeout_ms, unique_key, trace, actor, tag,
                             flags, expires_at, conc_key, conc_limit, budgets, cost_micros, fair_key, batch_id, lineage,
                             version, abandonable)
    VALUES (wanted, letter.queue, letter.kind, letter.args, letter.lane, letter.max_attempts, letter.timeout_ms,
            letter.unique_key, letter.trace, letter.actor, letter.tag, 2, letter.expires_at, letter.conc_key,
            letter.conc_limit, letter.budgets, letter.cost_micros, letter.fair_key, letter.batch_id, letter.lineage,
            letter.version, letter.abandonable)
    ON CONFLICT DO NOTHING;
    -- Its end always has more to do: it may have got dependents while it was dead.
    INSERT INTO lectern.ready (queue, lane, tag, job_id, flags, since_ms)
    VALUES (letter.queue, letter.lane, coalesce(letter.tag, wanted), wanted,
            2 | CASE WHEN letter.conc_key IS NOT NULL OR cardinality(letter.budgets) > 0
                       OR letter.expires_at IS NOT NULL THEN 1 ELSE 0 END,
            (extract(epoch FROM now()) * 1000)::bigint);
    IF letter.expires_at IS NOT NULL THEN
      INSERT INTO lectern.expiry (at, job_id) VALUES (letter.expires_at, wanted) ON CONFLICT DO NOTHING;
    END IF;
    -- Whoever redrives it never leaves.
    IF letter.abandonable THEN
      INSERT INTO lectern.waiter (job_id, waiter, lane) VALUES (wanted, '', letter.lane);
    END IF;
    RETURN verdict;
  END IF;

  INSERT INTO lectern.done (job_id, kind, queue, outcome, attempt, wait_ms, run_ms, code)
  VALUES (wanted, letter.kind, letter.queue, 'superseded', letter.attempt, 0, 0, verdict);
  IF holder IS NOT NULL AND EXISTS (SELECT FROM lectern.dependency d WHERE d.needs = wanted)
     AND lectern.hold_needed(holder) = 'live' THEN
    PERFORM lectern.lock_gates(ARRAY(
      SELECT 'needs:' || d.job_id FROM lectern.dependency d WHERE d.needs = wanted AND d.job_id <> holder));
    INSERT INTO lectern.dependency (needs, job_id)
    SELECT holder, d.job_id FROM lectern.dependency d WHERE d.needs = wanted AND d.job_id <> holder
    ON CONFLICT DO NOTHING;
    DELETE FROM lectern.dependency d WHERE d.needs = wanted AND d.job_id <> holder;
  END IF;
  PERFORM lectern.settle_dependents(ARRAY[wanted], ARRAY['superseded']);
  IF holder IS NOT NULL AND EXISTS (SELECT FROM lectern.job j WHERE j.id = holder AND j.abandonable) THEN
    INSERT INTO lectern.waiter (job_id, waiter, lane) VALUES (holder, '', letter.lane) ON CONFLICT DO NOTHING;
  END IF;
  RETURN verdict;
END $$;

-- Redrives the oldest matching letters, at most so many; null matches everything. Keys are locked in their order.
-- What expired is not counted and stays.
CREATE FUNCTION lectern.redrive_some(of_queue text, of_kind text, of_code text, most integer, by_actor text)
RETURNS TABLE (redriven integer, joined integer, superseded integer, queues text[]) LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
DECLARE letter record;
BEGIN
  redriven := 0; joined := 0; superseded := 0; queues := '{}';
  FOR letter IN
    SELECT * FROM (
      SELECT d.job_id, d.queue, d.unique_key FROM lectern.dead d
      WHERE (of_queue IS NULL OR d.queue = of_queue) AND (of_kind IS NULL OR d.kind = of_kind)
        AND (of_code IS NULL OR d.code = of_code) AND (d.expires_at IS NULL OR d.expires_at > now())
      ORDER BY d.died_at, d.job_id LIMIT most) AS chosen
    ORDER BY chosen.unique_key NULLS FIRST, chosen.job_id
  LOOP
    CASE lectern.redrive(letter.job_id, by_actor)
      WHEN 'redriven' THEN
        redriven := redriven + 1;
        IF letter.queue <> ALL (queues) THEN queues := queues || letter.queue; END IF;
      WHEN 'joined' THEN joined := joined + 1;
      WHEN 'superseded' THEN superseded := superseded + 1;
      ELSE NULL;
    END CASE;
  END LOOP;
  RETURN NEXT;
END $$;

-- Gives a dead letter up: it ends as cancelled, and with it whoever needed it. False when there is no such letter.
CREATE FUNCTION lectern.discard_dead(wanted bigint, reason text, by_actor text) RETURNS boolean LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off AS $$
DECLARE letter lectern.dead;
BEGIN
  DELETE FROM lectern.dead d WHERE d.job_id = wanted RETURNING d.* INTO letter;
  IF NOT FOUND THEN RETURN false; END IF;
  PERFORM lectern.uncount_dead(letter.batch_id, true);
  INSERT INTO lectern.event (job_id, attempt, what, code, message)
  VALUES (wanted, letter.attempt, 'discarded', by_actor, reason);
  INSERT INTO lectern.done (job_id, kind, queue, outcome, attempt, wait_ms, run_ms, code)
  VALUES (wanted, letter.kind, letter.queue, 'cancelled', letter.attempt, 0, 0, 'discarded');
  PERFORM lectern.settle_dependents(ARRAY[wanted], ARRAY['cancelled']);
  RETURN true;
END $$;
