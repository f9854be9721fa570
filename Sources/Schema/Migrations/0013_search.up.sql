-- Keyword search: the words of every entry of the index, counted when the entry is written. What is rare and how long
-- a text is on average is summed up per query over the entries of the release that readers see, so nothing here has to
-- be kept in step with releases.

CREATE TABLE lectern.entry_text (
  entry_id bigint  NOT NULL PRIMARY KEY REFERENCES lectern.lesson_index (id) ON DELETE CASCADE,
  length   real    NOT NULL,
  lengths  real[]  NOT NULL,
  is_frame boolean[] NOT NULL,
  anchors  text[]  NOT NULL
);
COMMENT ON COLUMN lectern.entry_text.length IS 'the sum of lengths';
COMMENT ON COLUMN lectern.entry_text.lengths IS 'words of each chunk, weighted as in posting.frequencies';
COMMENT ON COLUMN lectern.entry_text.is_frame IS 'for each chunk, whether every lesson has a section like it: objectives, practice, reflection';
COMMENT ON COLUMN lectern.entry_text.anchors IS 'for each chunk the id of its heading in the lesson''s page, empty where there is none';

-- One row for each stem of an entry, not of a chunk: a query reads a quarter of the rows, and an entry writes as many.
CREATE TABLE lectern.posting (
  term        text      COLLATE "C" NOT NULL,
  entry_id    bigint    NOT NULL REFERENCES lectern.lesson_index (id) ON DELETE CASCADE,
  word        text      COLLATE "C" NOT NULL,
  chunks      integer[] NOT NULL,
  frequencies real[]    NOT NULL,
  PRIMARY KEY (term, entry_id)
);
COMMENT ON COLUMN lectern.posting.word IS 'the stem''s most frequent form in the entry, as a suggestion shows it';
COMMENT ON COLUMN lectern.posting.chunks IS 'the chunks that have the stem, by chunk_index';
COMMENT ON COLUMN lectern.posting.frequencies IS 'how often each of them has it; words of titles count by their own weight';
CREATE INDEX posting_entry ON lectern.posting (entry_id);
