DROP TABLE lectern.recommendation_shown;
DROP TABLE lectern.lesson_progress;
