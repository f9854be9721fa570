DROP FUNCTION lectern.publish_clock(), lectern.sweep_leftovers(integer), lectern.sweep_defaults(integer),
  lectern.sweep_dead(integer), lectern.drop_old_partition(text, integer), lectern.first_kept(text),
  lectern.keep_days(text);
ALTER FUNCTION lectern.ensure_partitions(integer) RESET lock_timeout;
DROP TABLE lectern.cron_fire, lectern.cron, lectern.leader;
