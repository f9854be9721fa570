-- What is published. A sync writes a whole new release beside the old one and then moves lectern.book.active_release
-- to it, all in one transaction: readers join on the active release and so see one release, whole.

CREATE TABLE lectern.book (
  id             uuid        NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  slug           text        COLLATE "C" NOT NULL UNIQUE,
  title          text        NOT NULL,
  language       text        NOT NULL,
  active_release bigint,
  created_at     timestamptz NOT NULL DEFAULT now(),
  updated_at     timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE lectern.release (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  book_id       uuid        NOT NULL REFERENCES lectern.book (id) ON DELETE CASCADE,
  revision      text,
  manifest_hash text        COLLATE "C" NOT NULL,
  state         text        COLLATE "C" NOT NULL CHECK (state IN ('staging', 'published', 'failed', 'superseded')),
  counts        jsonb       NOT NULL DEFAULT '{}',
  created_at    timestamptz NOT NULL DEFAULT now(),
  published_at  timestamptz,
  UNIQUE (book_id, id),
  CHECK (state NOT IN ('published', 'superseded') OR published_at IS NOT NULL)
);
COMMENT ON COLUMN lectern.release.revision IS 'what the author calls this state of the book';
COMMENT ON COLUMN lectern.release.manifest_hash IS 'XXH3-128 over everything the release holds';
CREATE UNIQUE INDEX release_published ON lectern.release (book_id) WHERE state = 'published';

-- A book shows a release of its own or none.
ALTER TABLE lectern.book ADD CONSTRAINT book_active_release
  FOREIGN KEY (id, active_release) REFERENCES lectern.release (book_id, id);

CREATE TABLE lectern.part (
  release_id  bigint  NOT NULL REFERENCES lectern.release (id) ON DELETE CASCADE,
  number      integer NOT NULL,
  title       text    NOT NULL,
  layer       text    NOT NULL CHECK (layer ~ '^L[1-5](-L[1-5])?$'),
  tier        text    NOT NULL CHECK (tier IN ('A2', 'B1', 'B2', 'C1', 'C2')),
  folder_name text    NOT NULL,
  week_start  integer,
  week_end    integer,
  PRIMARY KEY (release_id, number)
);

CREATE TABLE lectern.chapter (
  release_id       bigint    NOT NULL,
  number           integer   NOT NULL,
  part_number      integer   NOT NULL,
  local_number     integer   NOT NULL,
  title            text      NOT NULL,
  folder_name      text      NOT NULL,
  prerequisites    integer[] NOT NULL DEFAULT '{}',
  transition_check text,
  PRIMARY KEY (release_id, number),
  FOREIGN KEY (release_id, part_number) REFERENCES lectern.part (release_id, number) ON DELETE CASCADE
);

-- A lesson's identity, found by its slug. It outlives releases: progress and index entries hang on it.
CREATE TABLE lectern.lesson (
  id         uuid        NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  book_id    uuid        NOT NULL REFERENCES lectern.book (id) ON DELETE CASCADE,
  slug       text        COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (book_id, slug)
);

CREATE TABLE lectern.release_lesson (
  release_id        bigint  NOT NULL REFERENCES lectern.release (id) ON DELETE CASCADE,
  lesson_id         uuid    NOT NULL REFERENCES lectern.lesson (id) ON DELETE CASCADE,
  position          integer NOT NULL,
  chapter_number    integer NOT NULL,
  number            integer NOT NULL,
  title             text    NOT NULL,
  slug              text    COLLATE "C" NOT NULL,
  type              text    COLLATE "C" NOT NULL CHECK (type IN ('lesson', 'lab', 'summary', 'index')),
  content_hash      text    COLLATE "C" NOT NULL CHECK (content_hash ~ '^[0-9a-f]{32}$'),
  object_key        text    COLLATE "C" NOT NULL,
  bucket_path       text    COLLATE "C" NOT NULL,
  sidebar_position  integer NOT NULL,
  estimated_minutes integer NOT NULL,
  size_bytes        integer NOT NULL,
  source_path       text    NOT NULL,
  PRIMARY KEY (release_id, lesson_id),
  UNIQUE (release_id, slug),
  FOREIGN KEY (release_id, chapter_number) REFERENCES lectern.chapter (release_id, number) ON DELETE CASCADE
);
COMMENT ON COLUMN lectern.release_lesson.position IS 'place in the reading order of the whole book, from 0';
COMMENT ON COLUMN lectern.release_lesson.content_hash IS 'XXH3-128 of the bytes in the bucket';
COMMENT ON COLUMN lectern.release_lesson.object_key IS 'the immutable blob that readers are served from';
COMMENT ON COLUMN lectern.release_lesson.bucket_path IS 'the readable alias of the same bytes';
CREATE INDEX release_lesson_chapter ON lectern.release_lesson (release_id, chapter_number, position);
