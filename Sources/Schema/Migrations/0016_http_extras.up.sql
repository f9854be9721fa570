-- What the HTTP surface remembers beside the work itself.

-- Idempotency keys of requests, with the operation that was answered. The learner's id is a bearer capability and a key
-- may be anything, so only a hash of both is kept.
CREATE TABLE lectern.request_key (
  key_hash     text COLLATE "C" NOT NULL PRIMARY KEY,
  fingerprint  text COLLATE "C" NOT NULL,
  claim        uuid NOT NULL,
  is_answered  boolean NOT NULL DEFAULT false,
  operation_id uuid,
  expires_at   timestamptz NOT NULL
);
CREATE INDEX request_key_expiry ON lectern.request_key (expires_at);
COMMENT ON COLUMN lectern.request_key.key_hash IS 'SHA-256 of the learner''s id and the key';
COMMENT ON COLUMN lectern.request_key.fingerprint IS 'SHA-256 of method, path and body';
COMMENT ON COLUMN lectern.request_key.claim IS 'the request that holds the key while it has not answered';
COMMENT ON COLUMN lectern.request_key.operation_id IS 'null where the answer was the text itself';

-- Who wants to be told of the end of an operation. A row goes when its delivery is enqueued, so there is one delivery.
CREATE TABLE lectern.operation_webhook (
  operation_id uuid NOT NULL REFERENCES lectern.operation (id) ON DELETE CASCADE,
  endpoint     text COLLATE "C" NOT NULL,
  job_id       bigint NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (operation_id, endpoint)
);
CREATE INDEX operation_webhook_job ON lectern.operation_webhook (job_id);
CREATE INDEX operation_webhook_created_at ON lectern.operation_webhook (created_at);
COMMENT ON COLUMN lectern.operation_webhook.endpoint IS 'a name from the operator''s file';

-- Deletes what has served its time, at most so many rows of each table: keys at their end, wishes whose job ended
-- without a word.
CREATE FUNCTION lectern.sweep_http(most integer) RETURNS integer LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off AS $$
DECLARE
  swept integer;
  total integer;
BEGIN
  DELETE FROM lectern.request_key WHERE key_hash = ANY (ARRAY(
    SELECT k.key_hash FROM lectern.request_key k WHERE k.expires_at <= now()
    ORDER BY k.expires_at LIMIT most FOR UPDATE SKIP LOCKED));
  GET DIAGNOSTICS total = ROW_COUNT;
  DELETE FROM lectern.operation_webhook WHERE ctid = ANY (ARRAY(
    SELECT w.ctid FROM lectern.operation_webhook w WHERE w.created_at < now() - interval '2 days'
    ORDER BY w.created_at LIMIT most FOR UPDATE SKIP LOCKED));
  GET DIAGNOSTICS swept = ROW_COUNT;
  RETURN total + swept;
END $$;
