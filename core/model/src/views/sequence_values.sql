-- pg_sequence_last_value takes a RowExclusive lock and keeps it to the end of the transaction, so it
-- waits behind ALTER SEQUENCE as well: sequences with such a lock, held or awaited, are left for next
-- time. Before 17 it fails without USAGE or SELECT and for an unlogged sequence on a standby.
with
    lock as materialized (
        select l.relation
        from pg_catalog.pg_locks as l
        join pg_catalog.pg_database as d on d.oid = l.database and d.datname = pg_catalog.current_database()
        where l.locktype = 'relation'
            and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
    )
select
    v.relid,
    v.locked,
    v.permitted,
    v.last_value,
    case
        when v.seqincrement > 0
            then (v.last_value::pg_catalog.float8 - v.seqmin) / (v.seqmax::pg_catalog.float8 - v.seqmin)
        else (v.seqmax - v.last_value::pg_catalog.float8) / (v.seqmax::pg_catalog.float8 - v.seqmin)
    end as used_ratio
from (
    select
        g.relid,
        g.locked,
        g.permitted,
        g.seqincrement,
        g.seqmin,
        g.seqmax,
        case
            when g.permitted and g.readable and not g.locked
                then pg_catalog.pg_sequence_last_value(g.relid)
        end as last_value
    from (
        select
            s.seqrelid as relid,
            s.seqincrement,
            s.seqmin,
            s.seqmax,
            exists (select from lock where lock.relation = s.seqrelid) as locked,
            pg_catalog.has_sequence_privilege(s.seqrelid, 'select,usage') as permitted,
            c.relpersistence <> 'u' or not pg_catalog.pg_is_in_recovery() as readable
        from pg_catalog.pg_sequence as s
        join pg_catalog.pg_class as c on c.oid = s.seqrelid
        where s.seqrelid = any($1::pg_catalog.oid[])
            and not pg_catalog.pg_is_other_temp_schema(c.relnamespace)
        offset 0
    ) as g
    offset 0
) as v
