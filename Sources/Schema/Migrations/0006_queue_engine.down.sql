DROP FUNCTION lectern.live_job(text, smallint), lectern.abandon(bigint), lectern.leave(bigint, text);
DROP PROCEDURE lectern.enqueue_and_wake(text, text, jsonb, smallint, smallint, integer, text, text, bigint);
DROP FUNCTION lectern.new_job_ids(integer), lectern.enqueue_plain(text, text, jsonb, smallint, smallint, integer, text, text),
  lectern.enqueue(text[], text[], jsonb[], smallint[], smallint[], integer[],
  bigint[], text[], text[], text[], jsonb[]), lectern.enqueue_one(bigint, text, text, jsonb, smallint, smallint, integer, bigint,
  text, text, text, jsonb), lectern.hold_needed(bigint), lectern.escalate(bigint, smallint),
  lectern.cancel(bigint, text, text), lectern.rescue(bigint, boolean), lectern.promote(integer),
  lectern.put_back(text, bigint, bigint, bigint[]),
  lectern.end_jobs(bigint[], bigint[], text[], bigint[], integer[], jsonb[], text[], text[], bigint[]),
  lectern.finish(bigint[], bigint[], integer[], jsonb[]), lectern.admit(text, tid[], boolean),
  lectern.claim(text, integer, bigint, bigint[], integer), lectern.remove_waiting(bigint, text, text),
  lectern.pass_on(text, text, text, text[], text), lectern.settle(bigint[], text[]),
  lectern.settle_dependents(bigint[], text[]), lectern.release_runs(bigint[], bigint[]),
  lectern.widen_gate(text, integer), lectern.gate_room(text), lectern.gate_limit(text, integer),
  lectern.open_gate(text, integer), lectern.open_budget(text), lectern.unblock(bigint[]),
  lectern.lock_gates(text[]), lectern.budget_left(text), lectern.period_start(text);
-- The older shape knows no gates: what waits at one becomes runnable.
INSERT INTO lectern.ready (queue, lane, tag, job_id, attempt, crashes)
  SELECT queue, lane, job_id, job_id, attempt, crashes FROM lectern.blocked;
UPDATE lectern.ready SET tag = job_id WHERE tag <> job_id;
DROP TABLE lectern.queue_clock, lectern.fair, lectern.budget_hold, lectern.budget_spent, lectern.budget,
  lectern.dependency, lectern.batch, lectern.expiry, lectern.lineage, lectern.idem, lectern.waiter, lectern.slot,
  lectern.kind_control,
  lectern.queue_control, lectern.blocked;
ALTER TABLE lectern.dead DROP COLUMN abandonable, DROP COLUMN version, DROP COLUMN lineage, DROP COLUMN tag,
  DROP COLUMN batch_id, DROP COLUMN fair_key, DROP COLUMN cost_micros, DROP COLUMN budgets,
  DROP COLUMN conc_limit, DROP COLUMN conc_key, DROP COLUMN expires_at;
UPDATE lectern.done SET outcome = 'cancelled' WHERE outcome IN ('superseded', 'expired');
ALTER TABLE lectern.done DROP COLUMN code, DROP CONSTRAINT done_outcome_check;
ALTER TABLE lectern.done ADD CONSTRAINT done_outcome_check CHECK (outcome IN ('succeeded', 'cancelled'));
ALTER TABLE lectern.worker DROP COLUMN wish;
ALTER TABLE lectern.lease ADD COLUMN cancel_requested boolean NOT NULL DEFAULT false;
UPDATE lectern.lease l SET cancel_requested = true FROM lectern.stop_wish s WHERE s.job_id = l.job_id;
DROP TABLE lectern.stop_wish;
ALTER TABLE lectern.lease DROP COLUMN progress, DROP COLUMN batch_id, DROP COLUMN unique_key, DROP COLUMN wait_ms,
  DROP COLUMN flags;
CREATE INDEX lease_worker ON lectern.lease (worker);
ALTER TABLE lectern.scheduled DROP COLUMN tag, DROP COLUMN flags;
ALTER TABLE lectern.ready DROP COLUMN since_ms, DROP COLUMN flags;
ALTER TABLE lectern.job DROP COLUMN abandonable, DROP COLUMN version, DROP COLUMN lineage, DROP COLUMN batch_id,
  DROP COLUMN fair_key, DROP COLUMN cost_micros, DROP COLUMN budgets, DROP COLUMN conc_limit, DROP COLUMN conc_key,
  DROP COLUMN expires_at, DROP COLUMN flags, DROP COLUMN tag;
