DROP FUNCTION lectern.limiter_configure(text, text, double precision, double precision, double precision, bigint),
  lectern.limiter_penalize(text, bigint, bigint),
  lectern.permit_sync(text, text, integer, integer, integer, bigint),
  lectern.limiter_sync(text, text, double precision, double precision, double precision, double precision,
    double precision, double precision, integer, integer, bigint),
  lectern.limiter_refilled(lectern.limiter);
DROP TABLE lectern.permit, lectern.limiter;
