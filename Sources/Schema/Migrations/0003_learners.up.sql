-- Learners and their answers to the six onboarding questions.

CREATE TABLE lectern.learner (
    id                   uuid PRIMARY KEY,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    onboarding_completed boolean NOT NULL DEFAULT false
);

CREATE TABLE lectern.preferences (
    id                     uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    user_id                uuid PRIMARY KEY REFERENCES lectern.learner (id) ON DELETE CASCADE,
    education_level        text NOT NULL
        CHECK (education_level IN ('high_school', 'undergraduate', 'graduate', 'professional')),
    programming_experience text NOT NULL
        CHECK (programming_experience IN ('none', 'beginner', 'intermediate', 'advanced')),
    robotics_background    boolean NOT NULL,
    ai_ml_experience       text NOT NULL CHECK (ai_ml_experience IN ('none', 'basic', 'intermediate', 'advanced')),
    learning_goals         text[] NOT NULL CHECK (
        cardinality(learning_goals) > 0
        AND array_position(learning_goals, NULL) IS NULL
        AND learning_goals <@ ARRAY['career_change', 'research', 'hobby', 'teaching', 'building_projects']),
    preferred_language     text NOT NULL DEFAULT 'en' CHECK (preferred_language IN ('en', 'ur')),
    -- XXH3-128 over the canonical form of the six answers
    preferences_hash       text COLLATE "C" NOT NULL CHECK (preferences_hash ~ '^[0-9a-f]{32}$'),
    -- counts changes; with the hash it makes the entity tag
    revision               bigint NOT NULL DEFAULT 1,
    created_at             timestamptz NOT NULL DEFAULT now(),
    updated_at             timestamptz NOT NULL DEFAULT now()
);
