-- The role that all of Lectern uses today, and its database: psql -v password=… -f roles.sql postgres
-- The role owns the database, since `lectern migrate up` makes the schema with it. It may not do more than that.
-- Repeatable; run it as a superuser.
\set ON_ERROR_STOP on
\if :{?password}
\else
  \echo 'say -v password=…'
  \quit
\endif

SELECT 'CREATE ROLE lectern' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'lectern') \gexec
ALTER ROLE lectern LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
-- A transaction that somebody forgot holds back vacuum for everybody, in a queue above all.
ALTER ROLE lectern SET idle_in_transaction_session_timeout = '60s';

SELECT 'CREATE DATABASE lectern OWNER lectern ENCODING ''UTF8'' TEMPLATE template0'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'lectern') \gexec
REVOKE ALL ON DATABASE lectern FROM PUBLIC;
