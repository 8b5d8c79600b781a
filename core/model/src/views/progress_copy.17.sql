-- The relation has a name only if it is in the connected database.
select
    p.pid,
    p.datid,
    p.datname,
    p.relid,
    n.nspname as schemaname,
    c.relname,
    p.command,
    p.type,
    p.bytes_processed,
    p.bytes_total,
    p.tuples_processed,
    p.tuples_excluded,
    p.tuples_skipped
from pg_catalog.pg_stat_progress_copy as p
left join pg_catalog.pg_class as c on c.oid = p.relid and p.datname = pg_catalog.current_database()
left join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
