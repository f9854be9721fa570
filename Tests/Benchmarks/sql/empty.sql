-- Everything but the schema goes, files included: each measurement starts from the same state.
TRUNCATE lectern.job, lectern.ready, lectern.scheduled, lectern.blocked, lectern.lease, lectern.stop_wish,
         lectern.flight, lectern.waiter, lectern.idem, lectern.lineage, lectern.batch, lectern.dependency, lectern.expiry,
         lectern.slot, lectern.fair, lectern.queue_clock, lectern.done, lectern.dead, lectern.event
