DROP FUNCTION lectern.discard_dead(bigint, text, text), lectern.redrive_some(text, text, text, integer, text),
  lectern.redrive(bigint, text), lectern.uncount_dead(bigint, boolean), lectern.seal_batch(bigint),
  lectern.sweep_expired(integer), lectern.sweep_waiters(integer);
DROP INDEX lectern.dead_age, lectern.dead_queue, lectern.dead_kind, lectern.waiter_expiry;
CREATE INDEX dead_kind ON lectern.dead (kind, died_at);
