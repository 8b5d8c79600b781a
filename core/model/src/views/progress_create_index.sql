-- The relation has a name only if it is in the connected database.
select
    p.pid,
    p.datid,
    p.datname,
    p.relid,
    n.nspname as schemaname,
    c.relname,
    p.index_relid,
    p.command,
    p.phase,
    p.lockers_total,
    p.lockers_done,
    p.current_locker_pid,
    p.blocks_total,
    p.blocks_done,
    p.tuples_total,
    p.tuples_done,
    p.partitions_total,
    p.partitions_done
from pg_catalog.pg_stat_progress_create_index as p
left join pg_catalog.pg_class as c on c.oid = p.relid and p.datname = pg_catalog.current_database()
left join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
