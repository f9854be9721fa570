DROP TABLE lectern.model_spend;
DROP TABLE lectern.model_attempt;
