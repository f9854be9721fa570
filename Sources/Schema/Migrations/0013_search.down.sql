DROP TABLE lectern.posting;
DROP TABLE lectern.entry_text;
