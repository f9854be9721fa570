DROP FUNCTION lectern.ensure_partitions(integer);
ALTER FUNCTION lectern.ensure_queue_partitions(integer) RENAME TO ensure_partitions;
DROP FUNCTION lectern.ensure_stat_partitions(integer);
DROP TABLE lectern.stat_minute;
