-- Releases that are staged beside the one that readers see, published by one row, and taken back by the same row.

ALTER TABLE lectern.release DROP CONSTRAINT release_state_check;
ALTER TABLE lectern.release
  ADD CONSTRAINT release_state_check
    CHECK (state IN ('staging', 'published', 'superseded', 'rolled_back', 'failed', 'cancelled')),
  DROP CONSTRAINT release_check,
  ADD CONSTRAINT release_published_at CHECK (state NOT IN ('published', 'superseded', 'rolled_back')
                                             OR published_at IS NOT NULL),
  ADD COLUMN basis         bigint,
  ADD COLUMN title         text,
  ADD COLUMN language      text,
  ADD COLUMN plan_hash     text COLLATE "C",
  ADD COLUMN committed_at  timestamptz,
  ADD COLUMN collection    text COLLATE "C",
  ADD COLUMN recipe        text COLLATE "C",
  ADD COLUMN error_code    text COLLATE "C",
  ADD COLUMN error_message text,
  ADD COLUMN ended_at      timestamptz;
COMMENT ON COLUMN lectern.release.basis IS 'the release that this one was planned against';
COMMENT ON COLUMN lectern.release.committed_at IS 'when the author made this state, where the caller said so';
COMMENT ON COLUMN lectern.release.collection IS 'where the vectors of its lessons stand';
COMMENT ON COLUMN lectern.release.recipe IS 'by what rules its lessons are indexed; another model is another recipe';
COMMENT ON COLUMN lectern.release.ended_at IS 'since when readers no longer see it, or it came to nothing';
UPDATE lectern.release r SET title = b.title, language = b.language FROM lectern.book b WHERE b.id = r.book_id;
UPDATE lectern.release SET ended_at = now() WHERE state IN ('superseded', 'failed');
-- One staging at a time; a newer plan takes the older one's place.
CREATE UNIQUE INDEX release_staging ON lectern.release (book_id) WHERE state = 'staging';

-- Texts are removed from the bucket only while no plan counts on them, and no plan is made meanwhile.
ALTER TABLE lectern.book
  ADD COLUMN collections      bigint NOT NULL DEFAULT 0,
  ADD COLUMN collecting_until timestamptz;
COMMENT ON COLUMN lectern.book.collections IS 'how often texts were removed from the bucket';
COMMENT ON COLUMN lectern.book.collecting_until IS 'texts are being removed, until then at the latest';

-- One request to publish a book, from the first look at its files to the last alias in the bucket. It goes by the number
-- of the job that plans it.
CREATE TABLE lectern.resync (
  job_id        bigint      NOT NULL PRIMARY KEY,
  state         text        COLLATE "C" NOT NULL DEFAULT 'planning'
                CHECK (state IN ('planning', 'storing', 'indexing', 'publishing', 'aliasing', 'done', 'failed',
                                 'cancelled')),
  release_id    bigint,
  batch_id      bigint,
  outcome       text        COLLATE "C",
  report        jsonb       NOT NULL DEFAULT '{}',
  error_code    text        COLLATE "C",
  error_message text,
  created_at    timestamptz NOT NULL DEFAULT now(),
  ended_at      timestamptz
);
COMMENT ON COLUMN lectern.resync.batch_id IS 'the jobs that are under way for it';
COMMENT ON COLUMN lectern.resync.outcome IS 'published, unchanged, repaired or planned';
CREATE INDEX resync_created ON lectern.resync (created_at);
CREATE INDEX resync_release ON lectern.resync (release_id);

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
  manifest   text        COLLATE "C" NOT NULL,
  size_bytes bigint      NOT NULL DEFAULT 0
);
COMMENT ON COLUMN lectern.upload.manifest IS 'XXH3-128 over paths and contents';
CREATE TABLE lectern.upload_file (
  upload_id uuid  NOT NULL REFERENCES lectern.upload (id) ON DELETE CASCADE,
  path      text  COLLATE "C" NOT NULL,
  body      bytea,
  PRIMARY KEY (upload_id, path)
);
COMMENT ON COLUMN lectern.upload_file.body IS 'NULL for files that are only known to be there';

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
