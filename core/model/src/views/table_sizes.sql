-- The size functions open the table, its indexes, its toast table and that one's index. Where any of
-- these has an AccessExclusive lock, held or only awaited, they would wait, and everybody else behind
-- them: such a table is flagged and has no sizes this time. The lock can still come in between, so
-- lock_timeout is the second line.
with
    lock as materialized (
        select l.relation
        from pg_catalog.pg_locks as l
        join pg_catalog.pg_database as d on d.oid = l.database and d.datname = pg_catalog.current_database()
        where l.locktype = 'relation'
            and l.mode = 'AccessExclusiveLock'
    )
select
    s.relid,
    s.locked,
    s.relation_size,
    s.table_size,
    s.indexes_size,
    s.table_size + s.indexes_size as total_relation_size,
    s.toast_size
from (
    select
        g.relid,
        g.locked,
        case when not g.locked then pg_catalog.pg_relation_size(g.relid) end as relation_size,
        case when not g.locked then pg_catalog.pg_table_size(g.relid) end as table_size,
        case when not g.locked then pg_catalog.pg_indexes_size(g.relid) end as indexes_size,
        case when not g.locked then pg_catalog.pg_total_relation_size(g.toast_relid) end as toast_size
    from (
        select
            c.oid as relid,
            nullif(c.reltoastrelid, 0) as toast_relid,
            exists (select from lock where lock.relation in (c.oid, c.reltoastrelid))
                or exists (
                    select
                    from pg_catalog.pg_index as i
                    join lock on lock.relation = i.indexrelid
                    where i.indrelid in (c.oid, c.reltoastrelid)
                ) as locked
        from pg_catalog.pg_class as c
        where c.oid = any($1::pg_catalog.oid[])
        offset 0
    ) as g
    offset 0
) as s
