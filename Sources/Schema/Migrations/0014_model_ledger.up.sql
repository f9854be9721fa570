-- What was asked of language models and what it cost: one row for every request that was sent, failed ones too.
-- No row names a learner: the payer is an opaque word.
CREATE TABLE lectern.model_attempt (
  id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at                timestamptz NOT NULL DEFAULT now(),
  provider          text    COLLATE "C" NOT NULL,
  model             text    COLLATE "C" NOT NULL,
  purpose           text    COLLATE "C" NOT NULL,
  lesson_slug       text    COLLATE "C",
  generation_key    text    COLLATE "C",
  job_id            bigint,
  payer             text    COLLATE "C",
  outcome           text    COLLATE "C" NOT NULL CHECK (outcome IN (
    'ok', 'unreachable', 'timeout', 'rate_limited', 'unauthorized', 'rejected', 'server_error', 'malformed_answer',
    'truncated', 'refused', 'too_large', 'cancelled')),
  prompt_tokens     integer NOT NULL CHECK (prompt_tokens >= 0),
  completion_tokens integer NOT NULL CHECK (completion_tokens >= 0),
  is_estimated      boolean NOT NULL,
  cost_micros       bigint  NOT NULL CHECK (cost_micros >= 0),
  duration_ms       bigint  NOT NULL CHECK (duration_ms >= 0),
  failed_checks     text[]
);
COMMENT ON COLUMN lectern.model_attempt.is_estimated IS 'the provider counted no tokens; they were reckoned from the bytes';
COMMENT ON COLUMN lectern.model_attempt.cost_micros IS 'millionths of a US dollar';
COMMENT ON COLUMN lectern.model_attempt.failed_checks IS 'the checks that the answer broke; null while nobody judged it, or where it broke none';
CREATE INDEX model_attempt_at ON lectern.model_attempt (at);

-- The sums of a day in UTC, kept by the statement that files an attempt: what budgets are compared with.
CREATE TABLE lectern.model_spend (
  day         date   NOT NULL,
  scope       text   COLLATE "C" NOT NULL,
  cost_micros bigint NOT NULL,
  tokens      bigint NOT NULL,
  attempts    bigint NOT NULL,
  PRIMARY KEY (day, scope)
) WITH (fillfactor = 50);
COMMENT ON COLUMN lectern.model_spend.scope IS 'all, provider:NAME or payer:WORD';
