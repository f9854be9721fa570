-- Releases that are staged beside the one that readers see, published by one row, and taken back by the same row.

ALTER TABLE lectern.release DROP CONSTRAINT release_state_check;
ALTER TABLE lectern.release
  ADD CONSTRAINT release_state_check
    CHECK (state IN ('staging', 'published', 'superseded', 'rolled_back', 'failed', 'cancelled')),
  DROP CONSTRAINT release_check,
  ADD CONSTRAINT release_published_at CHECK (state NOT IN ('published', 'superseded', 'rolled_back')
                                             OR published_at IS NOT NULL),
  ADD COLUMN basis         bigint,
  ADD COLUMN plan_hash     text COLLATE "C",
  ADD COLUMN batch_id      bigint,
  ADD COLUMN sync_job      bigint,
  ADD COLUMN error_code    text COLLATE "C",
  ADD COLUMN error_message text,
  ADD COLUMN collection    text COLLATE "C",
  ADD COLUMN recipe        text COLLATE "C",
  ADD COLUMN ended_at      timestamptz;
COMMENT ON COLUMN lectern.release.basis IS 'the release that this one was planned against';
COMMENT ON COLUMN lectern.release.batch_id IS 'the jobs that stage it';
COMMENT ON COLUMN lectern.release.sync_job IS 'the job that planned it';
COMMENT ON COLUMN lectern.release.collection IS 'where the vectors of its lessons stand';
COMMENT ON COLUMN lectern.release.recipe IS 'by what rules its lessons are indexed; another model is another recipe';
COMMENT ON COLUMN lectern.release.ended_at IS 'since when readers no longer see it, or it came to nothing';
UPDATE lectern.release SET ended_at = now() WHERE state IN ('superseded', 'failed');
-- One staging at a time; a newer plan takes the older one's place.
CREATE UNIQUE INDEX release_staging ON lectern.release (book_id) WHERE state = 'staging';

-- The slugs a lesson went by before. A slug that another lesson has taken since belongs to that one.
CREATE TABLE lectern.former_slug (
  book_id    uuid        NOT NULL REFERENCES lectern.book (id) ON DELETE CASCADE,
  slug       text        COLLATE "C" NOT NULL,
  lesson_id  uuid        NOT NULL REFERENCES lectern.lesson (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (book_id, slug)
);
CREATE INDEX former_slug_lesson ON lectern.former_slug (lesson_id);

-- Entries of several editions stand side by side: a text under other labels, or by other rules, is another entry, so
-- that what is staged changes nothing for readers. Entries are made anew by the next sync.
DROP TABLE lectern.chunk;
DROP TABLE lectern.lesson_index;
CREATE TABLE lectern.lesson_index (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  lesson_id    uuid        NOT NULL REFERENCES lectern.lesson (id) ON DELETE CASCADE,
  content_hash text        COLLATE "C" NOT NULL,
  collection   text        COLLATE "C" NOT NULL,
  recipe       text        COLLATE "C" NOT NULL,
  labels       text[]      NOT NULL,
  chunks       integer     NOT NULL,
  indexed_at   timestamptz NOT NULL DEFAULT now(),
  UNIQUE (lesson_id, content_hash, collection, recipe, labels)
);
COMMENT ON COLUMN lectern.lesson_index.labels IS 'titles and numbers that stand around the lesson';

CREATE TABLE lectern.chunk (
  entry_id      bigint      NOT NULL REFERENCES lectern.lesson_index (id) ON DELETE CASCADE,
  chunk_index   integer     NOT NULL,
  section_title text        NOT NULL,
  heading_path  text[]      NOT NULL,
  role          text        COLLATE "C" NOT NULL,
  body          text        NOT NULL,
  tokens        integer     NOT NULL,
  embed_hash    text        COLLATE "C" NOT NULL,
  vector_id     uuid        NOT NULL,
  PRIMARY KEY (entry_id, chunk_index)
);
COMMENT ON COLUMN lectern.chunk.body IS 'the text shown in results';
COMMENT ON COLUMN lectern.chunk.role IS 'what the section is for: content, objectives, practice, reflection, summary';
-- From a match in the vector server to the text.
CREATE INDEX chunk_vector ON lectern.chunk (vector_id);

-- A book that CI sent, file by file, until its release has ended.
CREATE TABLE lectern.upload (
  id         uuid        NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now(),
  size_bytes bigint      NOT NULL DEFAULT 0
);
CREATE TABLE lectern.upload_file (
  upload_id uuid  NOT NULL REFERENCES lectern.upload (id) ON DELETE CASCADE,
  path      text  COLLATE "C" NOT NULL,
  body      bytea NOT NULL,
  PRIMARY KEY (upload_id, path)
);
COMMENT ON COLUMN lectern.upload_file.body IS 'empty for files that are only known to be there';

-- When the content was last compared with the bucket and the vectors, and what came of it.
CREATE TABLE lectern.content_audit (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  book_id    uuid        NOT NULL REFERENCES lectern.book (id) ON DELETE CASCADE,
  release_id bigint      NOT NULL,
  is_clean   boolean     NOT NULL,
  report     jsonb       NOT NULL,
  ended_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX content_audit_book ON lectern.content_audit (book_id, ended_at);
