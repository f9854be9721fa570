-- How many worker processes every queue should have.

-- What operators want of a queue. A queue without a row is not scaled.
CREATE TABLE lectern.autoscale_rule (
  queue          text    COLLATE "C" NOT NULL PRIMARY KEY,
  target_wait_ms integer NOT NULL DEFAULT 30000 CHECK (target_wait_ms > 0),
  min_replicas   integer NOT NULL DEFAULT 1 CHECK (min_replicas >= 0),
  max_replicas   integer NOT NULL DEFAULT 10 CHECK (max_replicas >= min_replicas)
);
INSERT INTO lectern.autoscale_rule (queue) VALUES ('embed'), ('personalize'), ('sync'), ('webhook');

-- Enough slots for what runs, and to start all that is due within the wait that is aimed at; never more processes than
-- the queue's limit on runs could keep busy.
CREATE FUNCTION lectern.desired_replicas(
  due bigint, running bigint, mean_run_ms double precision, per_replica integer, target_wait_ms integer,
  min_replicas integer, max_replicas integer, max_running integer
) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
  SELECT least(
    greatest(min_replicas, ceil((running + due * mean_run_ms / target_wait_ms) / per_replica)),
    max_replicas,
    CASE WHEN max_running IS NULL THEN max_replicas
         ELSE greatest(min_replicas, ceil(max_running::double precision / per_replica)) END)::integer
$$;

-- One row per rule, whatever the queue holds. Counts stop at 100,000: more due work than that asks for the most there
-- may be. What a paused queue holds is not due. The runs of the last quarter of an hour give their mean, else the last
-- thousand ends, else a second is assumed.
CREATE VIEW lectern.autoscale AS
SELECT r.queue, lectern.desired_replicas(
         due.jobs, busy.jobs, pace.mean_run_ms, crew.per_replica, r.target_wait_ms, r.min_replicas, r.max_replicas,
         c.max_running) AS desired,
       due.jobs AS queued, busy.jobs AS running, crew.per_replica AS capacity_per_replica,
       coalesce(oldest.seconds, 0) AS oldest_age_s, pace.mean_run_ms, r.target_wait_ms, r.min_replicas,
       r.max_replicas, c.max_running
FROM lectern.autoscale_rule r
LEFT JOIN lectern.queue_control c ON c.queue = r.queue
CROSS JOIN LATERAL (
  SELECT count(*) AS jobs FROM (
    SELECT FROM lectern.ready q WHERE q.queue = r.queue AND coalesce(c.paused_until <= now(), true) LIMIT 100000) AS x
) AS due
CROSS JOIN LATERAL (SELECT count(*) AS jobs FROM lectern.lease l WHERE l.queue = r.queue) AS busy
CROSS JOIN LATERAL (
  SELECT coalesce(
    c.slots,
    (SELECT max(w.slots) FROM lectern.worker w
     WHERE r.queue = ANY (w.queues) AND w.seen_at > now() - interval '1 hour'), 1) AS per_replica
) AS crew
LEFT JOIN LATERAL (
  SELECT greatest(0, extract(epoch FROM now() - lectern.job_time(min(first.job_id))))::double precision AS seconds
  FROM unnest('{0,10,20}'::smallint[]) AS probe (lane) CROSS JOIN LATERAL (
    SELECT q.job_id FROM lectern.ready q WHERE q.queue = r.queue AND q.lane = probe.lane
    ORDER BY q.tag, q.job_id LIMIT 1) AS first
) AS oldest ON true
CROSS JOIN LATERAL (
  SELECT coalesce(
    (SELECT sum(s.run_ms[i]::double precision * s.run_ms[i + 1]) / nullif(sum(s.run_ms[i + 1]), 0)
     FROM lectern.stat_minute s CROSS JOIN LATERAL generate_series(1, cardinality(s.run_ms), 2) AS i
     WHERE s.minute >= date_trunc('minute', now()) - interval '15 minutes' AND s.queue = r.queue),
    (SELECT avg(d.run_ms) FROM (
       SELECT queue, outcome, run_ms FROM lectern.done ORDER BY job_id DESC LIMIT 1000) AS d
     WHERE d.queue = r.queue AND d.outcome = 'succeeded'),
    1000)::double precision AS mean_run_ms
) AS pace;
COMMENT ON VIEW lectern.autoscale IS 'desired number of worker processes of every queue that has a rule';
