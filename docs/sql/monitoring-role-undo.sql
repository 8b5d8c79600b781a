-- Takes back what monitoring-role.sql made, and what was granted to the role in this database.
-- Run it in every database in which something was granted; the role goes with the last one.
-- The extension stays: others may use it. To remove it as well: drop extension pg_stat_statements;
do $$
begin
    if exists (select from pg_catalog.pg_roles where rolname = 'pgquerylens') then
        drop owned by pgquerylens;
        drop role pgquerylens;
    end if;
end
$$;
