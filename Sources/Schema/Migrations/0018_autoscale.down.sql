DROP VIEW lectern.autoscale;
DROP FUNCTION lectern.desired_replicas(
  bigint, bigint, double precision, integer, integer, integer, integer, integer);
DROP TABLE lectern.autoscale_rule;
