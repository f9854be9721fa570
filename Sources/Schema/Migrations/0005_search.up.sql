-- What the vector server was given. The vectors themselves stand there; these rows say which of them are true.

-- Vectors by the text they were made from, so that no text is embedded twice: a moved lesson, a retried job and a
-- lost vector server cost no call to the model.
CREATE TABLE lectern.embedding (
  model      text        COLLATE "C" NOT NULL,
  dimension  integer     NOT NULL,
  embed_hash text        COLLATE "C" NOT NULL,
  vector     bytea       NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (model, dimension, embed_hash),
  CHECK (octet_length(vector) = 4 * dimension)
);
COMMENT ON COLUMN lectern.embedding.vector IS 'float32, little-endian';
COMMENT ON COLUMN lectern.embedding.embed_hash IS 'SHA-256 of the embedded text';

-- One text of one lesson, indexed. The row says by what rules and with which labels (titles and numbers that stand
-- around the lesson): where any of these differs from what is wanted now, the text is indexed again.
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
COMMENT ON COLUMN lectern.chunk.body IS 'the text shown in results';
-- From a match in the vector server to the text. Not unique: an unchanged chunk keeps its vector over editions.
CREATE INDEX chunk_vector ON lectern.chunk (vector_id);
