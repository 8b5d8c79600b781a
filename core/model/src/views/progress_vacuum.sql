-- The relation has a name only if it is in the connected database.
select
    p.pid,
    p.datid,
    p.datname,
    p.relid,
    n.nspname as schemaname,
    c.relname,
    p.phase,
    p.heap_blks_total,
    p.heap_blks_scanned,
    p.heap_blks_vacuumed,
    p.index_vacuum_count,
    p.max_dead_tuples,
    p.num_dead_tuples
from pg_catalog.pg_stat_progress_vacuum as p
left join pg_catalog.pg_class as c on c.oid = p.relid and p.datname = pg_catalog.current_database()
left join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
