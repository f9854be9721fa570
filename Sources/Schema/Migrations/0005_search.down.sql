DROP TABLE lectern.chunk, lectern.lesson_index, lectern.embedding;
