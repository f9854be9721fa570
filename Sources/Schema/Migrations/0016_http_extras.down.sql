DROP FUNCTION lectern.sweep_http(integer);
DROP TABLE lectern.operation_webhook;
DROP TABLE lectern.request_key;
