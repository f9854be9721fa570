DROP FUNCTION lectern.sweep_gates(text, integer), lectern.reopen(text, integer), lectern.give_back(text, text, text[]),
  lectern.set_numbers(text, text, jsonb, boolean, text), lectern.number_changes(text, text, jsonb, boolean),
  lectern.resume(text, text), lectern.pause(text, text, timestamptz, bigint, text, text), lectern.hold_claims(text),
  lectern.control_gate(text, text);
DROP TABLE lectern.retention;
ALTER TABLE lectern.budget DROP COLUMN set_by, DROP COLUMN origin;
ALTER TABLE lectern.kind_control DROP COLUMN set_by, DROP COLUMN by_hand;
ALTER TABLE lectern.queue_control DROP COLUMN set_by, DROP COLUMN by_hand;
