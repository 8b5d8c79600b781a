-- The monitoring role of pgquerylens on Google Cloud SQL and AlloyDB for PostgreSQL.
--
-- Run it as a member of cloudsqlsuperuser (AlloyDB: alloydbsuperuser), such as postgres, on the primary, in the
-- database that pgquerylens will connect to. It can be run again.
--
-- First, the database flags. The command replaces all flags, so name those that are set already as well:
--     gcloud sql instances patch INSTANCE --database-flags=track_io_timing=on,track_activity_query_size=4096
-- track_activity_query_size restarts the instance.
--
-- With IAM authentication make the user with gcloud instead of step 1, and write its name, such as
-- "monitor@project.iam" (a service account without .gserviceaccount.com), for pgquerylens in the steps below:
--     gcloud sql users create monitor@project.iam --instance=INSTANCE --type=cloud_iam_service_account

-- 1. The role. A user made with `gcloud sql users create NAME --password=…` is a member of cloudsqlsuperuser, which is
-- more than monitoring needs; one made here is not.
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

-- 4. The statements. The library is loaded already.
create extension if not exists pg_stat_statements;

-- Undo:
--     drop owned by pgquerylens;
--     drop role pgquerylens;
