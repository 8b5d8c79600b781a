-- The monitoring role of pgquerylens on Azure Database for PostgreSQL, Flexible Server.
--
-- Run it as the server's administrator (a member of azure_pg_admin), on the primary, in the database that pgquerylens
-- will connect to. It can be run again.
--
-- First, the server parameters (G and S: your resource group and server):
--     az postgres flexible-server parameter set -g G -s S --name azure.extensions --value pg_stat_statements
--         (the value replaces the list: name what is allowed already as well)
--     az postgres flexible-server parameter set -g G -s S --name pg_stat_statements.track --value top
--     az postgres flexible-server parameter set -g G -s S --name track_io_timing --value on
--     az postgres flexible-server parameter set -g G -s S --name track_activity_query_size --value 4096
--         (restart the server afterwards)
--
-- With Microsoft Entra make the role in the database postgres instead of step 1, as an Entra administrator, and write
-- its name for pgquerylens in the steps below:
--     select * from pgaadauth_create_principal('pgquerylens', false, false);

-- 1. The role: it may log in and nothing else.
do $$
begin
    if not exists (select from pg_catalog.pg_roles where rolname = 'pgquerylens') then
        create role pgquerylens;
    end if;
end
$$;
alter role pgquerylens with login nocreatedb nocreaterole inherit connection limit 3;
-- \password pgquerylens

-- 2. What it sees: every session, statement and setting, no row of any table.
grant pg_monitor to pgquerylens;

-- 3. What it may cost, should anybody else log in as it.
alter role pgquerylens set statement_timeout = '30s';
alter role pgquerylens set lock_timeout = '1s';
alter role pgquerylens set idle_in_transaction_session_timeout = '30s';
alter role pgquerylens set default_transaction_read_only = on;

-- 4. The statements.
create extension if not exists pg_stat_statements;

-- Undo:
--     drop owned by pgquerylens;
--     drop role pgquerylens;
