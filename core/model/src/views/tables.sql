-- pg_stat_user_tables, pg_statio_user_tables and pg_class in one pass: joining the two views would sort
-- every table and index (160 MB of temporary files for 100,000 tables, seen on 12). Nothing here opens a
-- table, so nothing here waits for one. The view of 12 multiplies tidx_blks_* by the number of the
-- table's indexes; this does not.
select
    c.oid as relid,
    n.nspname as schemaname,
    c.relname,
    c.relkind::pg_catalog.text as relkind,
    c.relpersistence::pg_catalog.text as relpersistence,
    t.oid as reltoastrelid,
    pg_catalog.pg_stat_get_numscans(c.oid) as seq_scan,
    pg_catalog.pg_stat_get_tuples_returned(c.oid) as seq_tup_read,
    i.idx_scan,
    i.idx_tup_fetch + pg_catalog.pg_stat_get_tuples_fetched(c.oid) as idx_tup_fetch,
    pg_catalog.pg_stat_get_tuples_inserted(c.oid) as n_tup_ins,
    pg_catalog.pg_stat_get_tuples_updated(c.oid) as n_tup_upd,
    pg_catalog.pg_stat_get_tuples_deleted(c.oid) as n_tup_del,
    pg_catalog.pg_stat_get_tuples_hot_updated(c.oid) as n_tup_hot_upd,
    pg_catalog.pg_stat_get_live_tuples(c.oid) as n_live_tup,
    pg_catalog.pg_stat_get_dead_tuples(c.oid) as n_dead_tup,
    pg_catalog.pg_stat_get_mod_since_analyze(c.oid) as n_mod_since_analyze,
    pg_catalog.pg_stat_get_last_vacuum_time(c.oid) as last_vacuum,
    pg_catalog.pg_stat_get_last_autovacuum_time(c.oid) as last_autovacuum,
    pg_catalog.pg_stat_get_last_analyze_time(c.oid) as last_analyze,
    pg_catalog.pg_stat_get_last_autoanalyze_time(c.oid) as last_autoanalyze,
    pg_catalog.pg_stat_get_vacuum_count(c.oid) as vacuum_count,
    pg_catalog.pg_stat_get_autovacuum_count(c.oid) as autovacuum_count,
    pg_catalog.pg_stat_get_analyze_count(c.oid) as analyze_count,
    pg_catalog.pg_stat_get_autoanalyze_count(c.oid) as autoanalyze_count,
    pg_catalog.pg_stat_get_blocks_fetched(c.oid) - pg_catalog.pg_stat_get_blocks_hit(c.oid) as heap_blks_read,
    pg_catalog.pg_stat_get_blocks_hit(c.oid) as heap_blks_hit,
    i.idx_blks_read,
    i.idx_blks_hit,
    pg_catalog.pg_stat_get_blocks_fetched(t.oid)
        - pg_catalog.pg_stat_get_blocks_hit(t.oid) as toast_blks_read,
    pg_catalog.pg_stat_get_blocks_hit(t.oid) as toast_blks_hit,
    x.tidx_blks_read,
    x.tidx_blks_hit,
    -- Before 14 a table that was never counted has 0 tuples on 0 pages.
    case when c.relpages > 0 then c.reltuples end as reltuples,
    c.relpages,
    c.relallvisible,
    -- 0 stands for "has no rows of its own".
    case when c.relfrozenxid <> '0' then pg_catalog.age(c.relfrozenxid) end as relfrozenxid_age,
    case when c.relminmxid <> '0' then pg_catalog.mxid_age(c.relminmxid) end as relminmxid_age,
    pg_catalog.statement_timestamp() as read_at
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
cross join lateral (select nullif(c.reltoastrelid, 0) as oid) as t
left join lateral (
    select
        pg_catalog.sum(pg_catalog.pg_stat_get_numscans(indexrelid))::pg_catalog.int8 as idx_scan,
        pg_catalog.sum(pg_catalog.pg_stat_get_tuples_fetched(indexrelid))::pg_catalog.int8 as idx_tup_fetch,
        pg_catalog.sum(
            pg_catalog.pg_stat_get_blocks_fetched(indexrelid) - pg_catalog.pg_stat_get_blocks_hit(indexrelid)
        )::pg_catalog.int8 as idx_blks_read,
        pg_catalog.sum(pg_catalog.pg_stat_get_blocks_hit(indexrelid))::pg_catalog.int8 as idx_blks_hit
    from pg_catalog.pg_index
    where indrelid = c.oid
) as i on true
left join lateral (
    select
        pg_catalog.sum(
            pg_catalog.pg_stat_get_blocks_fetched(indexrelid) - pg_catalog.pg_stat_get_blocks_hit(indexrelid)
        )::pg_catalog.int8 as tidx_blks_read,
        pg_catalog.sum(pg_catalog.pg_stat_get_blocks_hit(indexrelid))::pg_catalog.int8 as tidx_blks_hit
    from pg_catalog.pg_index
    where indrelid = t.oid
) as x on true
where c.relkind in ('r', 'm')
    and n.nspname not in ('pg_catalog', 'information_schema')
    and n.nspname !~ '^pg_toast'
