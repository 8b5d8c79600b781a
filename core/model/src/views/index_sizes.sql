-- pg_relation_size opens the index alone and waits for an AccessExclusive lock on it, held or only
-- awaited: such an index is flagged and has no size this time. A lock on its table does not matter.
with
    lock as materialized (
        select l.relation
        from pg_catalog.pg_locks as l
        join pg_catalog.pg_database as d on d.oid = l.database and d.datname = pg_catalog.current_database()
        where l.locktype = 'relation'
            and l.mode = 'AccessExclusiveLock'
    )
select
    g.indexrelid,
    g.locked,
    case when not g.locked then pg_catalog.pg_relation_size(g.indexrelid) end as relation_size
from (
    select
        c.oid as indexrelid,
        exists (select from lock where lock.relation = c.oid) as locked
    from pg_catalog.pg_class as c
    where c.oid = any($1::pg_catalog.oid[])
    offset 0
) as g
