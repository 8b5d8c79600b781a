-- pg_stat_user_indexes, pg_statio_user_indexes and pg_index in one pass; nothing here opens an index.
select
    x.indrelid as relid,
    x.indexrelid,
    n.nspname as schemaname,
    t.relname,
    i.relname as indexrelname,
    a.amname,
    x.indisunique,
    x.indisprimary,
    x.indisexclusion,
    x.indimmediate,
    x.indisclustered,
    x.indisvalid,
    x.indisready,
    x.indislive,
    x.indisreplident,
    x.indpred is not null as is_partial,
    x.indexprs is not null as has_expressions,
    pg_catalog.pg_stat_get_numscans(x.indexrelid) as idx_scan,
    pg_catalog.pg_stat_get_lastscan(x.indexrelid) as last_idx_scan,
    pg_catalog.pg_stat_get_tuples_returned(x.indexrelid) as idx_tup_read,
    pg_catalog.pg_stat_get_tuples_fetched(x.indexrelid) as idx_tup_fetch,
    pg_catalog.pg_stat_get_blocks_fetched(x.indexrelid)
        - pg_catalog.pg_stat_get_blocks_hit(x.indexrelid) as idx_blks_read,
    pg_catalog.pg_stat_get_blocks_hit(x.indexrelid) as idx_blks_hit,
    i.relpages,
    pg_catalog.statement_timestamp() as read_at
from pg_catalog.pg_index as x
join pg_catalog.pg_class as i on i.oid = x.indexrelid
join pg_catalog.pg_class as t on t.oid = x.indrelid
join pg_catalog.pg_namespace as n on n.oid = t.relnamespace
join pg_catalog.pg_am as a on a.oid = i.relam
where t.relkind in ('r', 'm')
    and n.nspname not in ('pg_catalog', 'information_schema')
    and n.nspname !~ '^pg_toast'
