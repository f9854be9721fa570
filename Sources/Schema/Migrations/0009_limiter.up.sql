-- What the whole fleet may ask of a provider, counted in one place. Processes take slices of about a second and spend
-- them by themselves, so a row here changes about once a second per process, not once per call.
--
-- A bucket fills with `rate` per minute up to `burst`. The rate in force is learned: a provider's 429 halves it, time
-- brings it back to `ceiling`, which is never exceeded. On the axis of concurrency it is a number of permits.
CREATE TABLE lectern.limiter (
  name          text   COLLATE "C" NOT NULL,
  axis          text   COLLATE "C" NOT NULL CHECK (axis IN ('concurrency', 'requests', 'tokens')),
  ceiling       double precision NOT NULL CHECK (ceiling >= 1 AND ceiling <= 1e12),
  floor         double precision NOT NULL CHECK (floor > 0),
  burst         double precision NOT NULL CHECK (burst >= 1),
  recovery_ms   bigint NOT NULL CHECK (recovery_ms > 0),
  rate          double precision NOT NULL,
  level         double precision NOT NULL,
  at            timestamptz NOT NULL DEFAULT now(),
  reduced_at    timestamptz,
  penalty_until timestamptz,
  PRIMARY KEY (name, axis),
  CHECK (floor <= rate AND rate <= ceiling),
  CHECK (axis <> 'concurrency' OR (ceiling <= 10000 AND floor >= 1))
) WITH (fillfactor = 30);
COMMENT ON COLUMN lectern.limiter.recovery_ms IS 'time in which the rate grows by its whole ceiling';
COMMENT ON COLUMN lectern.limiter.level IS 'what the bucket held at `at`; below zero when calls were larger than foreseen';

-- Permits on the axis of concurrency, by process. Their sum is what is out; a process that went silent loses its own.
CREATE TABLE lectern.permit (
  name    text    COLLATE "C" NOT NULL,
  holder  text    COLLATE "C" NOT NULL,
  held    integer NOT NULL CHECK (held >= 0),
  wanted  integer NOT NULL CHECK (wanted >= 0),
  turn_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (name, holder)
) WITH (fillfactor = 50);
COMMENT ON COLUMN lectern.permit.turn_at IS 'when it last got one more: who got one longest ago comes first';

-- The row as it stands now. Nothing flows in while a penalty lasts.
CREATE FUNCTION lectern.limiter_refilled(l lectern.limiter) RETURNS lectern.limiter LANGUAGE plpgsql STABLE AS $$
DECLARE
  seconds double precision :=
    greatest(0, extract(epoch FROM now() - greatest(l.at, coalesce(l.penalty_until, l.at))));
BEGIN
  l.level := least(l.burst, l.level + l.rate / 60 * seconds);
  l.rate := least(l.ceiling, l.rate + l.ceiling * seconds * 1000 / l.recovery_ms);
  l.at := greatest(l.at, now());
  RETURN l;
END $$;

-- Settles a process's share of one limiter: charges what it owes (what it did not spend is owed to it), gives slices,
-- renews its permits.
--
-- `need_…` is what the next call takes, `want_…` what may be given beyond it, up to a second's worth. The call's needs
-- are met on all axes or on none. A call larger than the burst goes when the bucket is full, and leaves a debt.
-- One row per axis that is configured: what was given (permits: how many runs may be under way from now on), how long
-- until the need can be met, how long a penalty lasts, whether others wait for permits.
-- Locks the limiter's rows in the order of their axes; who holds them alone reads and writes its permits.
CREATE FUNCTION lectern.limiter_sync(
  limiter text, by_holder text, need_requests double precision, want_requests double precision,
  owed_requests double precision, need_tokens double precision, want_tokens double precision,
  owed_tokens double precision, in_use integer, wanted_permits integer, silence_ms bigint)
RETURNS TABLE (axis text, granted double precision, wait_ms bigint, penalty_ms bigint, is_contended boolean)
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  l       lectern.limiter;
  rows    lectern.limiter[] := '{}';
  until   timestamptz;
  need    double precision;
  want    double precision;
  owed    double precision;
  short   boolean := false;
BEGIN
  FOR l IN SELECT * FROM lectern.limiter x WHERE x.name = limiter ORDER BY x.axis FOR UPDATE LOOP
    l := lectern.limiter_refilled(l);
    IF l.axis <> 'concurrency' THEN
      owed := CASE l.axis WHEN 'requests' THEN owed_requests ELSE owed_tokens END;
      need := CASE l.axis WHEN 'requests' THEN need_requests ELSE need_tokens END;
      l.level := least(l.burst, l.level - owed);
      IF l.level < least(need, l.burst) THEN short := true; END IF;
    END IF;
    until := greatest(until, l.penalty_until);
    rows := rows || l;
  END LOOP;
  penalty_ms := greatest(0, ceil(extract(epoch FROM until - now()) * 1000));
  penalty_ms := coalesce(penalty_ms, 0);
  FOREACH l IN ARRAY rows LOOP
    axis := l.axis;
    granted := 0;
    wait_ms := 0;
    is_contended := false;
    IF l.axis = 'concurrency' THEN
      SELECT p.granted, p.is_contended INTO granted, is_contended
      FROM lectern.permit_sync(limiter, by_holder, floor(l.rate)::integer, in_use,
                               CASE WHEN penalty_ms > 0 THEN in_use ELSE wanted_permits END, silence_ms) p;
    ELSE
      owed := CASE l.axis WHEN 'requests' THEN owed_requests ELSE owed_tokens END;
      need := CASE l.axis WHEN 'requests' THEN need_requests ELSE need_tokens END;
      want := CASE l.axis WHEN 'requests' THEN want_requests ELSE want_tokens END;
      IF penalty_ms = 0 AND NOT short AND need > 0 THEN
        granted := greatest(need, least(want, l.level, l.rate / 60));
        l.level := l.level - granted;
      ELSIF need > 0 THEN
        wait_ms := greatest(0, ceil((least(need, l.burst) - l.level) / l.rate * 60000));
      END IF;
      IF granted > 0 OR owed <> 0 THEN
        UPDATE lectern.limiter x SET level = l.level, rate = l.rate, at = l.at
        WHERE x.name = limiter AND x.axis = l.axis;
      END IF;
    END IF;
    RETURN NEXT;
  END LOOP;
END $$;

-- How many runs a process may have under way, when `most` are allowed in all. Places are dealt one by one to the
-- processes that want any, beginning with whose turn was longest ago. Nobody is asked to break off a run: who has more
-- under way than it is granted holds that until they end, and begins none.
CREATE FUNCTION lectern.permit_sync(limiter text, by_holder text, most integer, in_use integer, wants integer,
                                    silence_ms bigint, OUT granted integer, OUT is_contended boolean)
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  mine     lectern.permit;
  others   integer;
  share    integer;
BEGIN
  DELETE FROM lectern.permit p
  WHERE p.name = limiter AND p.seen_at < now() - silence_ms * interval '1 millisecond';
  SELECT * INTO mine FROM lectern.permit p WHERE p.name = limiter AND p.holder = by_holder;
  SELECT coalesce(sum(p.held), 0), coalesce(bool_or(p.wanted > p.held), false) INTO others, is_contended
  FROM lectern.permit p WHERE p.name = limiter AND p.holder <> by_holder;
  SELECT count(*) FILTER (WHERE d.holder = by_holder) INTO share FROM (
    SELECT w.holder FROM (
      SELECT p.holder, p.wanted, p.turn_at FROM lectern.permit p WHERE p.name = limiter AND p.holder <> by_holder
      UNION ALL SELECT by_holder, wants, coalesce(mine.turn_at, '-infinity')
    ) w CROSS JOIN LATERAL generate_series(1, least(w.wanted, most)) AS n
    ORDER BY n, w.turn_at, w.holder LIMIT most
  ) d;
  -- Whoever just got a permit uses it for a while, so that handing them round does not cost more than it gives.
  IF mine.turn_at > now() - interval '1 second' THEN share := greatest(share, least(mine.held, wants)); END IF;
  granted := greatest(least(share, most - others), 0);
  IF granted = 0 AND in_use = 0 AND wants = 0 THEN
    DELETE FROM lectern.permit p WHERE p.name = limiter AND p.holder = by_holder;
    RETURN;
  END IF;
  INSERT INTO lectern.permit AS p (name, holder, held, wanted, turn_at)
  VALUES (limiter, by_holder, greatest(granted, in_use), greatest(wants, in_use),
          CASE WHEN granted > 0 THEN now() ELSE '-infinity' END)
  ON CONFLICT (name, holder) DO UPDATE
    SET held = excluded.held, wanted = excluded.wanted, seen_at = now(),
        turn_at = CASE WHEN excluded.held > p.held THEN now() ELSE p.turn_at END;
END $$;

-- The provider refused a call that began `call_ms` ago: nobody calls for `pause_ms`, and the rate is halved unless a
-- call of the same time did that already. Returns the axes it touched. Locks the limiter's rows in order.
CREATE FUNCTION lectern.limiter_penalize(limiter text, pause_ms bigint, call_ms bigint) RETURNS integer
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  l       lectern.limiter;
  touched integer := 0;
BEGIN
  FOR l IN SELECT * FROM lectern.limiter x WHERE x.name = limiter ORDER BY x.axis FOR UPDATE LOOP
    l := lectern.limiter_refilled(l);
    IF l.reduced_at IS NULL OR l.reduced_at < now() - call_ms * interval '1 millisecond' THEN
      l.rate := greatest(l.floor, l.rate / 2);
      l.reduced_at := now();
    END IF;
    UPDATE lectern.limiter x
    SET rate = l.rate, level = least(l.level, 0), at = l.at, reduced_at = l.reduced_at,
        penalty_until = greatest(l.penalty_until, now() + pause_ms * interval '1 millisecond')
    WHERE x.name = l.name AND x.axis = l.axis;
    touched := touched + 1;
  END LOOP;
  RETURN touched;
END $$;

-- Sets a limit. A rate that was learned stays, within the new bounds; one at its ceiling follows the ceiling.
CREATE FUNCTION lectern.limiter_configure(limiter text, on_axis text, most double precision, least_rate double precision,
                                          at_once double precision, recovery bigint) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO lectern.limiter AS l (name, axis, ceiling, floor, burst, recovery_ms, rate, level)
  VALUES (limiter, on_axis, most, least_rate, at_once, recovery, most, at_once)
  ON CONFLICT (name, axis) DO UPDATE
    SET ceiling = excluded.ceiling, floor = excluded.floor, burst = excluded.burst, recovery_ms = excluded.recovery_ms,
        rate = CASE WHEN l.rate >= l.ceiling THEN excluded.ceiling
                    ELSE greatest(excluded.floor, least(l.rate, excluded.ceiling)) END,
        level = least(l.level, excluded.burst)
$$;
