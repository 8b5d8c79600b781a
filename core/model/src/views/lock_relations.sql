-- The locks of this statement itself are left out.
select
    l.relation as relid,
    n.nspname as schemaname,
    c.relname,
    l.locktype,
    l.mode,
    l.granted,
    l.lock_count
from (
    select
        k.relation,
        k.locktype,
        k.mode,
        k.granted,
        pg_catalog.count(*) as lock_count
    from pg_catalog.pg_locks as k
    join pg_catalog.pg_database as d on d.oid = k.database and d.datname = pg_catalog.current_database()
    where k.relation is not null
        and k.pid is distinct from pg_catalog.pg_backend_pid()
    group by k.relation, k.locktype, k.mode, k.granted
) as l
left join pg_catalog.pg_class as c on c.oid = l.relation
left join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
