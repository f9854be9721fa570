-- Operators' control of the queue: pauses, numbers that change while everything runs, and the sweep that opens gates.

-- What was set by hand stands above the operators' file until it is given back.
ALTER TABLE lectern.queue_control
  ADD COLUMN by_hand text[] COLLATE "C" NOT NULL DEFAULT '{}',
  ADD COLUMN set_by  text;
ALTER TABLE lectern.kind_control
  ADD COLUMN by_hand text[] COLLATE "C" NOT NULL DEFAULT '{}',
  ADD COLUMN set_by  text;
ALTER TABLE lectern.budget
  ADD COLUMN origin text NOT NULL DEFAULT 'file' CHECK (origin IN ('file', 'operator')),
  ADD COLUMN set_by text;
COMMENT ON COLUMN lectern.queue_control.by_hand IS 'the numbers that the operators'' file does not touch';
COMMENT ON COLUMN lectern.queue_control.actor IS 'who paused it';
COMMENT ON COLUMN lectern.queue_control.set_by IS 'who changed its numbers last';
COMMENT ON COLUMN lectern.kind_control.by_hand IS 'the numbers that the operators'' file does not touch';
COMMENT ON COLUMN lectern.kind_control.actor IS 'who paused it';
COMMENT ON COLUMN lectern.kind_control.set_by IS 'who changed its numbers last';

-- How long what is over is kept.
CREATE TABLE lectern.retention (
  subject   text    COLLATE "C" NOT NULL PRIMARY KEY CHECK (subject IN ('done', 'event', 'dead', 'job')),
  keep_days integer NOT NULL CHECK (keep_days > 0),
  origin    text    NOT NULL DEFAULT 'file' CHECK (origin IN ('file', 'operator')),
  set_by    text
);

-- The gate of a queue's or a kind's own limit.
CREATE FUNCTION lectern.control_gate(q text, k text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN k IS NULL THEN 'queue:' || q ELSE 'kind:' || k END
$$;

-- Keeps every claim from a queue until the end of the transaction: those under way are waited for, later ones see what
-- this transaction wrote. Nobody waits long for it: a caller that does not get it soon tries again, so that claims
-- do not pile up behind a claim that is itself waiting.
CREATE FUNCTION lectern.hold_claims(q text) RETURNS void LANGUAGE sql SET lock_timeout = '400ms' AS $$
  SELECT pg_advisory_xact_lock(hashtextextended('queue:' || q, 0))
$$;

-- Pauses a queue, or a kind where one is named, until an instant, for a time, or for ever where neither is given. Once
-- this is committed no claim starts a run of it. Answers the end of the pause, null for never.
CREATE FUNCTION lectern.pause(q text, k text, until_at timestamptz, for_ms bigint, why text, by_actor text)
RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE ends timestamptz := coalesce(until_at, now() + for_ms * interval '1 millisecond', 'infinity');
BEGIN
  PERFORM lectern.hold_claims(q);
  IF k IS NULL THEN
    INSERT INTO lectern.queue_control AS c (queue, paused_until, reason, actor) VALUES (q, ends, why, by_actor)
    ON CONFLICT (queue) DO UPDATE SET
      paused_until = excluded.paused_until, reason = excluded.reason, actor = excluded.actor, updated_at = now();
  ELSE
    INSERT INTO lectern.kind_control AS c (kind, queue, paused_until, reason, actor) VALUES (k, q, ends, why, by_actor)
    ON CONFLICT (kind) DO UPDATE SET
      paused_until = excluded.paused_until, reason = excluded.reason, actor = excluded.actor, updated_at = now();
  END IF;
  RETURN nullif(ends, 'infinity');
END $$;

-- Ends a pause. True when there was one. What is blocked at the gate of a kind is let go by `reopen`.
CREATE FUNCTION lectern.resume(q text, k text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE was boolean;
BEGIN
  PERFORM lectern.hold_claims(q);
  IF k IS NULL THEN
    SELECT c.paused_until > now() INTO was FROM lectern.queue_control c WHERE c.queue = q;
    UPDATE lectern.queue_control c SET paused_until = NULL, reason = NULL, actor = NULL, updated_at = now()
    WHERE c.queue = q AND c.paused_until IS NOT NULL;
  ELSE
    SELECT c.paused_until > now() INTO was FROM lectern.kind_control c WHERE c.kind = k;
    UPDATE lectern.kind_control c SET paused_until = NULL, reason = NULL, actor = NULL, updated_at = now()
    WHERE c.kind = k AND c.paused_until IS NOT NULL;
  END IF;
  RETURN coalesce(was, false);
END $$;

-- What a change of numbers would change. `numbers` names each number with its value, null for none. The operators' file
-- changes nothing that was set by hand.
CREATE FUNCTION lectern.number_changes(q text, k text, numbers jsonb, from_file boolean)
RETURNS TABLE (number text, was text, becomes text) LANGUAGE plpgsql STABLE AS $$
DECLARE
  held jsonb;
BEGIN
  IF k IS NULL THEN
    SELECT to_jsonb(c) INTO held FROM lectern.queue_control c WHERE c.queue = q;
  ELSE
    SELECT to_jsonb(c) INTO held FROM lectern.kind_control c WHERE c.kind = k;
  END IF;
  held := coalesce(held, '{}');
  RETURN QUERY
  SELECT n.key, held ->> n.key, nullif(n.value, 'null') #>> '{}' FROM jsonb_each(numbers) AS n
  WHERE coalesce(held -> n.key, 'null') <> n.value
    AND NOT (from_file AND coalesce(held -> 'by_hand', '[]') ? n.key)
  ORDER BY n.key;
END $$;

-- Sets numbers of a queue, or of a kind where one is named, and answers what changed.
--
-- A new limit counts the runs under way: their leases get slots, and their ends free them. Locks, in this order: the
-- queue against claims, the leases of its runs where a limit is new, its gate. Ends of runs lock leases in orders of
-- their own, so this waits for none of them long; the caller tries again. What a raised limit lets go is let go by
-- `reopen`; a lowered one lets runs finish.
CREATE FUNCTION lectern.set_numbers(q text, k text, numbers jsonb, from_file boolean, by_actor text)
RETURNS TABLE (number text, was text, becomes text) LANGUAGE plpgsql SET lock_timeout = '400ms' AS $$
DECLARE
  gate    text := lectern.control_gate(q, k);
  changed jsonb;
  marks   text[];
  is_new  boolean;
BEGIN
  IF from_file AND NOT EXISTS (SELECT FROM lectern.number_changes(q, k, numbers, from_file)) THEN RETURN; END IF;
  PERFORM lectern.hold_claims(q);
  RETURN QUERY SELECT * FROM lectern.number_changes(q, k, numbers, from_file);
  SELECT coalesce(jsonb_object_agg(c.number, numbers -> c.number), '{}'),
         coalesce(bool_or(c.number = 'max_running' AND c.was IS NULL), false)
  INTO changed, is_new FROM lectern.number_changes(q, k, numbers, from_file) AS c;
  marks := CASE WHEN from_file THEN '{}' ELSE ARRAY(SELECT jsonb_object_keys(numbers)) END;
  IF k IS NULL THEN
    INSERT INTO lectern.queue_control (queue) VALUES (q) ON CONFLICT DO NOTHING;
    UPDATE lectern.queue_control c SET
      max_running = CASE WHEN changed ? 'max_running' THEN (changed ->> 'max_running')::integer ELSE c.max_running END,
      slots = CASE WHEN changed ? 'slots' THEN (changed ->> 'slots')::integer ELSE c.slots END,
      prefetch = CASE WHEN changed ? 'prefetch' THEN (changed ->> 'prefetch')::integer ELSE c.prefetch END,
      ageing_ms = CASE WHEN changed -> 'ageing_ms' = 'null' THEN NULL
                       WHEN changed ? 'ageing_ms'
                       THEN ARRAY(SELECT jsonb_array_elements_text(changed -> 'ageing_ms'))::integer[]
                       ELSE c.ageing_ms END,
      by_hand = ARRAY(SELECT unnest(c.by_hand) UNION SELECT unnest(marks) ORDER BY 1), set_by = by_actor,
      updated_at = now()
    WHERE c.queue = q;
  ELSE
    INSERT INTO lectern.kind_control (kind, queue) VALUES (k, q) ON CONFLICT DO NOTHING;
    UPDATE lectern.kind_control c SET
      max_running = CASE WHEN changed ? 'max_running' THEN (changed ->> 'max_running')::integer ELSE c.max_running END,
      timeout_ms = CASE WHEN changed ? 'timeout_ms' THEN (changed ->> 'timeout_ms')::integer ELSE c.timeout_ms END,
      max_attempts = CASE WHEN changed ? 'max_attempts' THEN (changed ->> 'max_attempts')::smallint
                          ELSE c.max_attempts END,
      by_hand = ARRAY(SELECT unnest(c.by_hand) UNION SELECT unnest(marks) ORDER BY 1), set_by = by_actor,
      updated_at = now()
    WHERE c.kind = k;
  END IF;
  IF is_new THEN
    UPDATE lectern.lease l SET flags = l.flags | 2 WHERE l.queue = q AND (k IS NULL OR l.kind = k);
    PERFORM lectern.lock_gates(ARRAY[gate]);
    INSERT INTO lectern.slot (gate, job_id)
    SELECT gate, l.job_id FROM lectern.lease l WHERE l.queue = q AND (k IS NULL OR l.kind = k)
    ON CONFLICT DO NOTHING;
  END IF;
END $$;

-- Gives numbers that were set by hand back to the operators' file, all of them where none is named. They stay as they
-- are until the file is applied. Answers which ones it were.
CREATE FUNCTION lectern.give_back(q text, k text, names text[]) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE given text[];
BEGIN
  IF k IS NULL THEN
    SELECT ARRAY(SELECT n FROM unnest(c.by_hand) AS n WHERE names IS NULL OR n = ANY (names)) INTO given
    FROM lectern.queue_control c WHERE c.queue = q FOR UPDATE;
    UPDATE lectern.queue_control c SET by_hand = ARRAY(SELECT n FROM unnest(c.by_hand) AS n WHERE n <> ALL (given))
    WHERE c.queue = q AND cardinality(given) > 0;
  ELSE
    SELECT ARRAY(SELECT n FROM unnest(c.by_hand) AS n WHERE names IS NULL OR n = ANY (names)) INTO given
    FROM lectern.kind_control c WHERE c.kind = k FOR UPDATE;
    UPDATE lectern.kind_control c SET by_hand = ARRAY(SELECT n FROM unnest(c.by_hand) AS n WHERE n <> ALL (given))
    WHERE c.kind = k AND cardinality(given) > 0;
  END IF;
  RETURN coalesce(given, '{}');
END $$;

-- Opens one gate as far as it has room, `most` rows at the most. Fewer were opened when it has no more room.
CREATE FUNCTION lectern.reopen(wanted text, most integer) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  PERFORM lectern.lock_gates(ARRAY[wanted]);
  RETURN lectern.widen_gate(wanted, most);
END $$;

-- Opens gates that have blocked rows and room for them: pauses that ended by themselves, budgets of a new period, and
-- whatever was lost. The gates of queues, kinds and budgets are looked at in every sweep; of the others, which may be
-- many, `most` after the one named. Whoever holds a gate is about to open it, so that one is passed over.
--
-- Answers what was opened, the queues of it, and the gate to go on after: null when the round is complete.
CREATE FUNCTION lectern.sweep_gates(after_gate text DEFAULT '', most integer DEFAULT 1000)
RETURNS TABLE (opened integer, queues text[], last_gate text) LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
  g     text;
  wide  text[];
  found_queues text[];
  seen  integer := 0;
BEGIN
  opened := 0;
  queues := '{}';
  wide := ARRAY(
    SELECT 'queue:' || c.queue FROM lectern.queue_control c UNION ALL
    SELECT 'kind:' || c.kind FROM lectern.kind_control c UNION ALL
    SELECT 'budget:' || b.scope FROM lectern.budget b);
  last_gate := after_gate;
  WHILE seen < most LOOP
    SELECT b.gate INTO last_gate FROM lectern.blocked b WHERE b.gate > last_gate ORDER BY b.gate LIMIT 1;
    EXIT WHEN last_gate IS NULL;
    seen := seen + 1;
    IF last_gate <> ALL (wide) THEN wide := wide || last_gate; END IF;
  END LOOP;
  FOREACH g IN ARRAY wide LOOP
    CONTINUE WHEN lectern.gate_room(g) = 0;
    CONTINUE WHEN NOT pg_try_advisory_xact_lock(hashtextextended('gate:' || g, 0));
    SELECT array_agg(DISTINCT b.queue) INTO found_queues FROM (
      SELECT b.queue FROM lectern.blocked b WHERE b.gate = g ORDER BY b.lane, b.tag, b.job_id LIMIT 5000) AS b;
    seen := lectern.widen_gate(g, 5000);
    IF seen > 0 THEN
      opened := opened + seen;
      queues := ARRAY(SELECT unnest(queues) UNION SELECT unnest(found_queues));
    END IF;
  END LOOP;
  RETURN NEXT;
END $$;
