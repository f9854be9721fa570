ALTER TABLE lectern.book DROP CONSTRAINT book_active_release;
DROP TABLE lectern.release_lesson, lectern.lesson, lectern.chapter, lectern.part, lectern.release, lectern.book;
