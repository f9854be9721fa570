ALTER TABLE lectern.release_lesson DROP COLUMN goals;
DROP TABLE lectern.learner_identity;
