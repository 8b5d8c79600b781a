-- The monitoring role of pgquerylens on Amazon RDS and Aurora for PostgreSQL, 12 to 18.
--
-- Run it as the master user (a member of rds_superuser), on the writer, in the database that pgquerylens will connect
-- to. It can be run again.
--
-- First, in the DB parameter group (Aurora: DB cluster parameter group) of your own:
--     shared_preload_libraries   holds pg_stat_statements, as it does by default     static: reboot
--     track_io_timing            1                                                   dynamic
--     track_activity_query_size  4096 or more                                        static: reboot

-- 1. The role: it may log in and nothing else. NOSUPERUSER, NOREPLICATION and NOBYPASSRLS are what a new role has;
-- naming them again takes a superuser, which nobody is here.
do $$
begin
    if not exists (select from pg_catalog.pg_roles where rolname = 'pgquerylens') then
        create role pgquerylens;
    end if;
end
$$;
alter role pgquerylens with login nocreatedb nocreaterole inherit connection limit 3;

-- 2. How it logs in: with a token of IAM (no password is kept anywhere), which needs IAM authentication on the
-- instance and rds-db:connect on arn:aws:rds-db:REGION:ACCOUNT:dbuser:RESOURCE_ID/pgquerylens …
grant rds_iam to pgquerylens;
-- … or with a password. A role with rds_iam cannot use one, so then instead of the line above:
--     \password pgquerylens

-- 3. What it sees: every session, statement and setting, no row of any table.
grant pg_monitor to pgquerylens;

-- 4. What it may cost, should anybody else log in as it.
alter role pgquerylens set statement_timeout = '30s';
alter role pgquerylens set lock_timeout = '1s';
alter role pgquerylens set idle_in_transaction_session_timeout = '30s';
alter role pgquerylens set default_transaction_read_only = on;

-- 5. The statements.
create extension if not exists pg_stat_statements;

-- Undo:
--     drop owned by pgquerylens;
--     drop role pgquerylens;
