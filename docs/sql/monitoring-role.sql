-- The monitoring role of pgquerylens on a server of your own, PostgreSQL 12 to 18.
--
-- Run it as a superuser, on the primary, in the database that pgquerylens will connect to:
--     psql -d shop -f monitoring-role.sql
-- It can be run again: it brings the role back to these rights. It sets no password; give it one in psql, so that
-- it is hashed on your side, or let the role log in by certificate (pg_hba.conf):
--     \password pgquerylens
-- `pgquerylens check` then tells what is left to do, monitoring-role-undo.sql takes everything back.

-- 1. The role: it may log in and nothing else.
do $$
begin
    if not exists (select from pg_catalog.pg_roles where rolname = 'pgquerylens') then
        create role pgquerylens;
    end if;
end
$$;

-- At most one poll, the one that takes its place, and a cancel.
alter role pgquerylens with login nosuperuser nocreatedb nocreaterole noreplication nobypassrls inherit
    connection limit 3;

-- 2. What it sees: every session, statement and setting, no row of any table.
grant pg_monitor to pgquerylens;

-- 3. What it may cost, should anybody else log in as it. pgquerylens itself sets stricter limits in each session.
alter role pgquerylens set statement_timeout = '30s';
alter role pgquerylens set lock_timeout = '1s';
alter role pgquerylens set idle_in_transaction_session_timeout = '30s';
alter role pgquerylens set default_transaction_read_only = on;

-- 4. The statements. The library has to be in shared_preload_libraries, which takes a restart:
--     alter system set shared_preload_libraries = 'pg_stat_statements';  -- with what is there already
create extension if not exists pg_stat_statements;

-- 5. Optional, 16 and later: a way in when all other connections are taken, together with reserved_connections.
do $$
begin
    if exists (select from pg_catalog.pg_roles where rolname = 'pg_use_reserved_connections') then
        grant pg_use_reserved_connections to pgquerylens;
    end if;
end
$$;

-- 6. Optional: figures that pg_monitor does not show.
-- The size of the file of statement texts, instead of an estimate:
--     grant execute on function pg_catalog.pg_stat_file(text, boolean) to pgquerylens;
-- How far sequences are from their end:
--     grant select on all sequences in schema public to pgquerylens;
--     alter default privileges in schema public grant select on sequences to pgquerylens;
