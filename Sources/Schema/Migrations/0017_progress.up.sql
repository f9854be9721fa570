-- What learners have read. Progress belongs to a lesson's identity, so a lesson that is renamed or moved keeps it.

CREATE TABLE lectern.lesson_progress (
  user_id            uuid        NOT NULL REFERENCES lectern.learner (id) ON DELETE CASCADE,
  lesson_id          uuid        NOT NULL REFERENCES lectern.lesson (id) ON DELETE CASCADE,
  state              text        COLLATE "C" NOT NULL CHECK (state IN ('in_progress', 'completed')),
  started_at         timestamptz NOT NULL DEFAULT now(),
  completed_at       timestamptz,
  last_at            timestamptz NOT NULL DEFAULT now(),
  time_spent_seconds bigint      NOT NULL DEFAULT 0 CHECK (time_spent_seconds >= 0),
  recent_reports     bigint[]    NOT NULL DEFAULT '{}',
  content_hash       text        COLLATE "C",
  read_chunks        integer[],
  reviews            integer     NOT NULL DEFAULT 0 CHECK (reviews >= 0),
  reviewed_at        timestamptz,
  stability_days     double precision CHECK (stability_days > 0),
  PRIMARY KEY (user_id, lesson_id),
  CHECK ((state = 'completed') = (completed_at IS NOT NULL)),
  CHECK ((state = 'completed') = (content_hash IS NOT NULL)),
  CHECK ((state = 'completed') = (stability_days IS NOT NULL)),
  CHECK ((state = 'completed') = (reviewed_at IS NOT NULL))
);
-- A lesson that is removed takes its rows along.
CREATE INDEX lesson_progress_lesson ON lectern.lesson_progress (lesson_id);
COMMENT ON COLUMN lectern.lesson_progress.last_at IS 'when the learner was last heard of in this lesson';
COMMENT ON COLUMN lectern.lesson_progress.recent_reports IS 'numbers of the last reports of time, newest first: a repeated one counts once';
COMMENT ON COLUMN lectern.lesson_progress.content_hash IS 'the text that was read last';
COMMENT ON COLUMN lectern.lesson_progress.read_chunks IS 'the first 32 bits of the MD5 of each of its chunks; empty where it was not indexed';
COMMENT ON COLUMN lectern.lesson_progress.reviewed_at IS 'when it was completed or last read again';
COMMENT ON COLUMN lectern.lesson_progress.stability_days IS 'how slowly it is forgotten';

-- How often a lesson was recommended since its learner last opened it.
CREATE TABLE lectern.recommendation_shown (
  user_id   uuid        NOT NULL REFERENCES lectern.learner (id) ON DELETE CASCADE,
  lesson_id uuid        NOT NULL REFERENCES lectern.lesson (id) ON DELETE CASCADE,
  shown     integer     NOT NULL CHECK (shown > 0),
  last_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, lesson_id)
);
CREATE INDEX recommendation_shown_lesson ON lectern.recommendation_shown (lesson_id);
