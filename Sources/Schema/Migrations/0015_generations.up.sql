-- Sections written for slices of profiles, shared by all learners who do not differ there; the learners' rows point to
-- them in order.

CREATE TABLE lectern.generation (
  -- SHA-256 over everything that the text depends on, as 64 hexadecimal digits
  key               text        COLLATE "C" NOT NULL PRIMARY KEY CHECK (key ~ '^[0-9a-f]{64}$'),
  lesson_slug       text        COLLATE "C" NOT NULL,
  ordinal           integer     NOT NULL,
  heading           text,
  slice             text        NOT NULL,
  recipe            text        COLLATE "C" NOT NULL,
  content           text        NOT NULL,
  generator         text        NOT NULL,
  -- the names of checks that the text was let pass in spite of
  soft_failures     text[]      NOT NULL DEFAULT '{}',
  attempts          integer     NOT NULL,
  prompt_tokens     bigint      NOT NULL,
  completion_tokens bigint      NOT NULL,
  cost_micros       bigint      NOT NULL,
  created_at        timestamptz NOT NULL DEFAULT now(),
  last_used_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX generation_lesson ON lectern.generation (lesson_slug);
CREATE INDEX generation_last_used ON lectern.generation (last_used_at);
COMMENT ON TABLE lectern.generation IS 'texts of sections; but for last_used_at a row never changes';

-- Who writes a section just now. A claim counts for as long as its run holds its lease.
CREATE TABLE lectern.generation_claim (
  key        text        COLLATE "C" NOT NULL PRIMARY KEY,
  job_id     bigint      NOT NULL,
  attempt    smallint    NOT NULL,
  claimed_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);

-- Sections that no model wrote for now, and what the rules wrote in its place: nobody pays for the same refusal twice.
CREATE TABLE lectern.stand_in (
  -- the generation that a model was meant to write
  key         text        COLLATE "C" NOT NULL PRIMARY KEY,
  -- the one that stands in
  kept_as     text        COLLATE "C" NOT NULL,
  lesson_slug text        COLLATE "C" NOT NULL,
  reason      text        NOT NULL,
  -- from then on a model is asked again
  until       timestamptz NOT NULL
);

-- How far a job came: the sections that are there, in the order in which they were found or written.
CREATE TABLE lectern.lesson_run (
  job_id     bigint      NOT NULL PRIMARY KEY,
  sections   integer     NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX lesson_run_created ON lectern.lesson_run (created_at);
CREATE TABLE lectern.lesson_run_section (
  job_id  bigint  NOT NULL REFERENCES lectern.lesson_run (job_id) ON DELETE CASCADE,
  ordinal integer NOT NULL,
  key     text    COLLATE "C" NOT NULL,
  place   bigint  GENERATED ALWAYS AS IDENTITY,
  PRIMARY KEY (job_id, ordinal)
);

-- The claims that were won among those wanted: free ones, and those whose run is over.
CREATE FUNCTION lectern.claim_generations(wanted text[], by_job bigint, in_attempt smallint) RETURNS SETOF text
LANGUAGE sql AS $$
  INSERT INTO lectern.generation_claim AS c (key, job_id, attempt)
  SELECT w.key, by_job, in_attempt FROM unnest(wanted) AS w (key)
  WHERE NOT EXISTS (SELECT FROM lectern.generation g WHERE g.key = w.key)
  -- Two runs that want the same sections meet in the same order.
  ORDER BY w.key
  ON CONFLICT (key) DO UPDATE SET job_id = excluded.job_id, attempt = excluded.attempt, claimed_at = now()
  WHERE c.job_id = by_job OR NOT EXISTS (
    SELECT FROM lectern.lease l WHERE l.job_id = c.job_id AND l.attempt = c.attempt)
  RETURNING c.key
$$;

-- The cache was of whole lessons; what it held is written anew when it is asked for.
DELETE FROM lectern.personalized_lesson;
ALTER TABLE lectern.personalized_lesson
  DROP COLUMN personalized_content,
  -- the keys of the sections, in order
  ADD COLUMN sections text[],
  -- what stands before and after them for this learner's profile, composed by rule
  ADD COLUMN opening text,
  ADD COLUMN closing text,
  -- XXH3-128 of the text that all this makes
  ADD COLUMN text_hash text COLLATE "C",
  -- by which means it was written: text by another recipe is asked for anew
  ADD COLUMN recipe text COLLATE "C" NOT NULL,
  -- no section had to be written for it
  ADD COLUMN is_shared boolean NOT NULL DEFAULT false,
  ADD CHECK ((state = 'ready') = (sections IS NOT NULL)),
  ADD CHECK ((state = 'ready') = (opening IS NOT NULL)),
  ADD CHECK ((state = 'ready') = (closing IS NOT NULL)),
  ADD CHECK ((state = 'ready') = (text_hash IS NOT NULL));
-- A job fills all rows that wait for it.
CREATE INDEX personalized_lesson_job ON lectern.personalized_lesson (job_id) WHERE state = 'pending';

-- Who was first to ask for a job is charged for it.
CREATE INDEX operation_job ON lectern.operation (job_id);

-- What learners think of a text.
CREATE TABLE lectern.feedback (
  user_id          uuid        NOT NULL REFERENCES lectern.learner (id) ON DELETE CASCADE,
  lesson_slug      text        COLLATE "C" NOT NULL,
  text_hash        text        COLLATE "C" NOT NULL,
  rating           text        NOT NULL CHECK (rating IN ('up', 'down')),
  reason           text        CHECK (reason IN ('too_easy', 'too_hard', 'too_long', 'too_short', 'wrong', 'language', 'other')),
  comment          text        CHECK (length(comment) <= 1000),
  generator        text        NOT NULL,
  sections         text[]      NOT NULL,
  created_at       timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, lesson_slug, text_hash)
);
CREATE INDEX feedback_created ON lectern.feedback (created_at);
