-- The relation has a name only if it is in the connected database.
select
    p.pid,
    p.datid,
    p.datname,
    p.relid,
    n.nspname as schemaname,
    c.relname,
    p.phase,
    p.sample_blks_total,
    p.sample_blks_scanned,
    p.ext_stats_total,
    p.ext_stats_computed,
    p.child_tables_total,
    p.child_tables_done,
    p.current_child_table_relid
from pg_catalog.pg_stat_progress_analyze as p
left join pg_catalog.pg_class as c on c.oid = p.relid and p.datname = pg_catalog.current_database()
left join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
