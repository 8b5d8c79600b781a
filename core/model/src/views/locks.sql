-- A lock that names no database (of a transaction, of a virtual transaction) counts for that of its
-- session; 0 stands for shared objects. The locks of this statement itself are left out.
select
    l.datid,
    d.datname,
    l.locktype,
    l.mode,
    l.granted,
    l.lock_count
from (
    select
        coalesce(k.database, a.datid) as datid,
        k.locktype,
        k.mode,
        k.granted,
        pg_catalog.count(*) as lock_count
    from pg_catalog.pg_locks as k
    left join pg_catalog.pg_stat_activity as a on a.pid = k.pid
    where k.pid is distinct from pg_catalog.pg_backend_pid()
    group by coalesce(k.database, a.datid), k.locktype, k.mode, k.granted
) as l
left join pg_catalog.pg_database as d on d.oid = l.datid
