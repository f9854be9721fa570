-- Everything but the schema goes, files included: each measurement starts from the same state.
TRUNCATE lectern.job, lectern.ready, lectern.scheduled, lectern.lease, lectern.flight, lectern.done, lectern.dead,
         lectern.event
