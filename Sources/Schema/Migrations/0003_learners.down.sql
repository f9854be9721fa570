DROP TABLE lectern.preferences;
DROP TABLE lectern.learner;
