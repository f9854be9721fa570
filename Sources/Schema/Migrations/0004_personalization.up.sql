-- The cache of personalized lessons and the operations under which callers asked for them.

-- One row per (learner, lesson, text of the lesson, answers of the learner): the key is the single flight, because
-- only the transaction that inserts a pending row enqueues a job.
CREATE TABLE lectern.personalized_lesson (
    user_id              uuid NOT NULL REFERENCES lectern.learner (id) ON DELETE CASCADE,
    lesson_slug          text COLLATE "C" NOT NULL,
    content_hash         text COLLATE "C" NOT NULL,
    preferences_hash     text COLLATE "C" NOT NULL,
    state                text NOT NULL CHECK (state IN ('pending', 'ready', 'failed')),
    personalized_content text,
    -- who wrote the text, as shown to the learner
    generator            text,
    prompt_version       text,
    generated_at         timestamptz,
    job_id               bigint NOT NULL,
    operation_id         uuid NOT NULL,
    error_code           text,
    error_message        text,
    retryable            boolean,
    created_at           timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, lesson_slug, content_hash, preferences_hash),
    CHECK ((state = 'ready') = (personalized_content IS NOT NULL)),
    CHECK ((state = 'ready') = (generator IS NOT NULL)),
    CHECK ((state = 'ready') = (generated_at IS NOT NULL)),
    CHECK ((state = 'failed') = (error_code IS NOT NULL)),
    CHECK ((state = 'failed') = (retryable IS NOT NULL))
);

-- What a caller was told to come back for. No foreign key to the job: jobs leave with their partitions.
CREATE TABLE lectern.operation (
    id               uuid PRIMARY KEY,
    kind             text NOT NULL,
    user_id          uuid NOT NULL REFERENCES lectern.learner (id) ON DELETE CASCADE,
    lesson_slug      text COLLATE "C" NOT NULL,
    content_hash     text COLLATE "C" NOT NULL,
    preferences_hash text COLLATE "C" NOT NULL,
    job_id           bigint NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now()
);

-- Retention deletes by age; a learner's removal finds the rows.
CREATE INDEX operation_created_at ON lectern.operation (created_at);
CREATE INDEX operation_user_id ON lectern.operation (user_id);
