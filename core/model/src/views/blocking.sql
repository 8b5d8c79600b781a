-- pg_blocking_pids takes the lock manager's locks exclusively for each call: it is asked for waiting
-- sessions alone. 0 among blocked_by is a prepared transaction. The relation has a name only if it is in
-- the connected database. Before 14 nothing says since when a lock is awaited; query_start is the
-- earliest that it can be.
select
    w.pid,
    w.backend_start,
    pg_catalog.pg_blocking_pids(w.pid) as blocked_by,
    w.datid,
    w.datname,
    w.usename,
    w.application_name,
    w.xact_start,
    w.query_start,
    w.state_change,
    l.locktype,
    l.mode,
    l.database,
    l.relation as relid,
    n.nspname as schemaname,
    c.relname,
    pg_catalog.statement_timestamp() as read_at
from pg_catalog.pg_stat_activity as w
left join pg_catalog.pg_locks as l on l.pid = w.pid and not l.granted
left join pg_catalog.pg_database as d on d.oid = l.database and d.datname = pg_catalog.current_database()
left join pg_catalog.pg_class as c on c.oid = l.relation and d.oid is not null
left join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where w.wait_event_type = 'Lock'
