DROP TABLE lectern.operator_session;
DROP TABLE lectern.operator_key;
DROP FUNCTION lectern.audit_append(text, text, text, text, text, bigint, text, text, text);
DROP FUNCTION lectern.audit_text(lectern.audit);
DROP TABLE lectern.audit;
DROP FUNCTION lectern.audit_is_kept();
