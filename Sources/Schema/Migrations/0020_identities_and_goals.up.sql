-- Who signs in with an issuer of identity tokens, and what authors say their lessons are good for.

CREATE TABLE lectern.learner_identity (
  identity   text        COLLATE "C" PRIMARY KEY CHECK (identity ~ '^[0-9a-f]{64}$'),
  user_id    uuid        NOT NULL UNIQUE REFERENCES lectern.learner (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN lectern.learner_identity.identity IS 'SHA-256 of issuer and subject: neither is kept';

ALTER TABLE lectern.release_lesson
  ADD COLUMN goals text[] COLLATE "C" NOT NULL DEFAULT '{}';
COMMENT ON COLUMN lectern.release_lesson.goals IS 'goals that the front matter names; empty where it names none';
