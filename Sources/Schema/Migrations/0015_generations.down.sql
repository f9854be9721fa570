DROP TABLE lectern.feedback;
DROP INDEX lectern.operation_job;
DELETE FROM lectern.personalized_lesson;
DROP INDEX lectern.personalized_lesson_job;
ALTER TABLE lectern.personalized_lesson
  DROP COLUMN sections, DROP COLUMN opening, DROP COLUMN closing, DROP COLUMN text_hash, DROP COLUMN recipe,
  DROP COLUMN is_shared, ADD COLUMN personalized_content text,
  ADD CHECK ((state = 'ready') = (personalized_content IS NOT NULL));
DROP FUNCTION lectern.claim_generations(text[], bigint, smallint);
DROP TABLE lectern.lesson_run_section;
DROP TABLE lectern.lesson_run;
DROP TABLE lectern.stand_in;
DROP TABLE lectern.generation_claim;
DROP TABLE lectern.generation;
