DROP TABLE lectern.content_audit;
DROP TABLE lectern.upload_file;
DROP TABLE lectern.upload;
DROP TABLE lectern.chunk;
DROP TABLE lectern.lesson_index;
CREATE TABLE lectern.lesson_index (
  lesson_id    uuid        NOT NULL REFERENCES lectern.lesson (id) ON DELETE CASCADE,
  content_hash text        COLLATE "C" NOT NULL,
  collection   text        COLLATE "C" NOT NULL,
  recipe       text        COLLATE "C" NOT NULL,
  labels       text[]      NOT NULL,
  chunks       integer     NOT NULL,
  indexed_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (lesson_id, content_hash)
);
CREATE TABLE lectern.chunk (
  lesson_id     uuid        NOT NULL,
  content_hash  text        COLLATE "C" NOT NULL,
  chunk_index   integer     NOT NULL,
  section_title text        NOT NULL,
  heading_path  text[]      NOT NULL,
  body          text        NOT NULL,
  embed_hash    text        COLLATE "C" NOT NULL,
  vector_id     uuid        NOT NULL,
  model         text        COLLATE "C" NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (lesson_id, content_hash, chunk_index),
  FOREIGN KEY (lesson_id, content_hash) REFERENCES lectern.lesson_index (lesson_id, content_hash) ON DELETE CASCADE
);
CREATE INDEX chunk_vector ON lectern.chunk (vector_id);
DROP TABLE lectern.former_slug;
DROP TABLE lectern.resync;
ALTER TABLE lectern.book DROP COLUMN collections, DROP COLUMN collecting_until;
DROP INDEX lectern.release_staging;
DELETE FROM lectern.release WHERE state IN ('staging', 'cancelled');
ALTER TABLE lectern.release
  DROP CONSTRAINT release_state_check, DROP CONSTRAINT release_published_at,
  DROP COLUMN basis, DROP COLUMN title, DROP COLUMN language, DROP COLUMN plan_hash, DROP COLUMN committed_at,
  DROP COLUMN error_code, DROP COLUMN error_message, DROP COLUMN collection, DROP COLUMN recipe,
  DROP COLUMN ended_at;
UPDATE lectern.release SET state = 'superseded' WHERE state = 'rolled_back';
ALTER TABLE lectern.release
  ADD CONSTRAINT release_state_check CHECK (state IN ('staging', 'published', 'failed', 'superseded')),
  ADD CONSTRAINT release_check CHECK (state NOT IN ('published', 'superseded') OR published_at IS NOT NULL);
