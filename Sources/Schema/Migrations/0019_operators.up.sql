-- Who may operate the system, and what they did.

-- Keys of operators and of programs. The secret has 256 random bits and is shown once; only its hash is kept.
CREATE TABLE lectern.operator_key (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  role         text COLLATE "C" NOT NULL CHECK (role IN ('syncer', 'viewer', 'operator', 'admin')),
  secret_hash  bytea NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  created_by   text NOT NULL,
  expires_at   timestamptz,
  revoked_at   timestamptz,
  last_used_at timestamptz
);
COMMENT ON COLUMN lectern.operator_key.secret_hash IS 'SHA-256 of the secret';
COMMENT ON COLUMN lectern.operator_key.last_used_at IS 'to the minute';

-- A browser that signed in. It ends at its time, with its key, or when its owner signs out.
CREATE TABLE lectern.operator_session (
  secret_hash bytea NOT NULL PRIMARY KEY,
  key_id      bigint REFERENCES lectern.operator_key (id) ON DELETE CASCADE,
  name        text NOT NULL,
  role        text COLLATE "C" NOT NULL CHECK (role IN ('syncer', 'viewer', 'operator', 'admin')),
  expires_at  timestamptz NOT NULL
);
CREATE INDEX operator_session_expiry ON lectern.operator_session (expires_at);
COMMENT ON COLUMN lectern.operator_session.key_id IS 'null for a session of the token in the settings';

-- What operators did, one line after the other, each with the hash of the one before.
CREATE TABLE lectern.audit (
  id         bigint NOT NULL PRIMARY KEY,
  at         timestamptz NOT NULL,
  actor      text NOT NULL,
  role       text NOT NULL,
  action     text COLLATE "C" NOT NULL,
  subject    text NOT NULL,
  outcome    text COLLATE "C" NOT NULL CHECK (outcome IN ('asked', 'done', 'refused', 'failed')),
  about      bigint,
  reason     text,
  detail     text,
  request_id text,
  previous   bytea NOT NULL,
  hash       bytea NOT NULL
);
CREATE INDEX audit_subject ON lectern.audit (subject, id);
COMMENT ON COLUMN lectern.audit.about IS 'the line that this one tells the outcome of';
COMMENT ON COLUMN lectern.audit.detail IS 'JSON text, kept byte for byte';
COMMENT ON COLUMN lectern.audit.previous IS 'the hash of the line before, 32 zero bytes at the first';
COMMENT ON COLUMN lectern.audit.hash IS 'SHA-256 of lectern.audit_text';

-- The text that a line's hash is of: every value with its length in bytes before it, so that no two lines share one.
CREATE FUNCTION lectern.audit_text(line lectern.audit) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT string_agg(coalesce(octet_length(v.value) || ':' || v.value, '-'), ',' ORDER BY v.n)
  FROM unnest(ARRAY[
    line.id::text, ((extract(epoch FROM line.at) * 1000000)::int8)::text, line.actor, line.role, line.action,
    line.subject, line.outcome, line.about::text, line.reason, line.detail, line.request_id,
    encode(line.previous, 'hex')]) WITH ORDINALITY AS v (value, n)
$$;

-- Appends a line. One at a time, so that the chain has no fork: whoever comes second waits for the first one's commit.
CREATE FUNCTION lectern.audit_append(
  actor text, role text, action text, subject text, outcome text, about bigint, reason text, detail text,
  request_id text
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  line lectern.audit;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('lectern.audit', 0));
  SELECT a.id, a.hash INTO line.id, line.previous FROM lectern.audit a ORDER BY a.id DESC LIMIT 1;
  line.id := coalesce(line.id, 0) + 1;
  line.previous := coalesce(line.previous, decode(repeat('00', 32), 'hex'));
  line.at := clock_timestamp();
  line.actor := actor;
  line.role := role;
  line.action := action;
  line.subject := subject;
  line.outcome := outcome;
  line.about := about;
  line.reason := reason;
  line.detail := detail;
  line.request_id := request_id;
  line.hash := sha256(convert_to(lectern.audit_text(line), 'UTF8'));
  INSERT INTO lectern.audit SELECT (line).*;
  RETURN line.id;
END $$;

CREATE FUNCTION lectern.audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is only ever appended to' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE ON lectern.audit
  FOR EACH ROW EXECUTE FUNCTION lectern.audit_is_kept();
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON lectern.audit
  FOR EACH STATEMENT EXECUTE FUNCTION lectern.audit_is_kept();
