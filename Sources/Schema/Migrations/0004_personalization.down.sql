DROP TABLE lectern.operation;
DROP TABLE lectern.personalized_lesson;
