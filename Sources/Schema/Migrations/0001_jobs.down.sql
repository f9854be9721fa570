DROP FUNCTION lectern.ensure_partitions(integer);
DROP TABLE lectern.event, lectern.dead, lectern.done, lectern.flight, lectern.lease, lectern.worker,
  lectern.scheduled, lectern.ready, lectern.job;
DROP FUNCTION lectern.day_floor(date), lectern.job_time(bigint), lectern.new_job_id();
DROP SEQUENCE lectern.lease_token, lectern.job_seq;
