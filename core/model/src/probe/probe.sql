-- One row that says where we are, what we may, and what the server measures. No statement of a poll comes before it.
-- Behind a pooler that drops our settings it runs under whatever search_path there is: operators are named in full.
select
    pg_catalog.current_setting('server_version_num')::pg_catalog.int4 as server_version_num,
    pg_catalog.statement_timestamp() as read_at,
    pg_catalog.pg_postmaster_start_time() as postmaster_start,
    pg_catalog.pg_stat_get_bgwriter_stat_reset_time() as statistics_since,
    pg_catalog.pg_is_in_recovery() as in_recovery,
    pg_catalog.pg_backend_pid() as pid,
    d.oid as database_oid,
    pg_catalog.current_database() as database_name,
    pg_catalog.pg_encoding_to_char(d.encoding) as server_encoding,
    pg_catalog.current_setting('block_size')::pg_catalog.int4 as block_size,
    pg_catalog.current_setting('max_connections')::pg_catalog.int4 as max_connections,
    current_user as role_name,
    r.rolsuper as is_superuser,
    r.rolcreaterole as can_create_role,
    r.rolcreatedb as can_create_database,
    r.rolreplication as can_replicate,
    r.rolbypassrls as bypasses_rls,
    pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'usage') as read_all_stats,
    pg_catalog.pg_has_role(current_user, 'pg_read_all_settings', 'usage') as read_all_settings,
    pg_catalog.pg_has_role(current_user, 'pg_monitor', 'usage') as is_monitor,
    n.nspname as statements_schema,
    e.extversion as statements_version,
    pg_catalog.current_setting('pg_stat_statements.max', true)::pg_catalog.int8 as statements_max,
    pg_catalog.current_setting('pg_stat_statements.track', true) as statements_track,
    pg_catalog.current_setting('pg_stat_statements.track_planning', true)::pg_catalog.bool as track_planning,
    pg_catalog.current_setting('track_io_timing', true)::pg_catalog.bool as track_io_timing,
    pg_catalog.current_setting('track_wal_io_timing', true)::pg_catalog.bool as track_wal_io_timing,
    pg_catalog.current_setting('track_functions', true) operator(pg_catalog.<>) 'none' as track_functions,
    pg_catalog.current_setting('compute_query_id', true) as compute_query_id,
    pg_catalog.current_setting('track_activity_query_size', true) as track_activity_query_size,
    case when pg_catalog.pg_has_role(current_user, 'pg_read_all_settings', 'usage')
        then pg_catalog.current_setting('shared_preload_libraries', true) end as shared_preload_libraries,
    case
        when pg_catalog.current_setting('apg_plan_mgmt.capture_plan_baselines', true) is not null then 'aurora'
        when pg_catalog.current_setting('aurora_compute_plan_id', true) is not null then 'aurora'
        when pg_catalog.current_setting('rds.extensions', true) is not null then 'rds'
        when pg_catalog.current_setting('alloydb.iam_authentication', true) is not null then 'alloydb'
        when pg_catalog.current_setting('cloudsql.iam_authentication', true) is not null then 'cloud-sql'
        when pg_catalog.current_setting('cloudsql.supported_extensions', true) is not null then 'cloud-sql'
        when pg_catalog.current_setting('azure.extensions', true) is not null then 'azure'
        else 'self-managed'
    end as provider,
    case
        when pg_catalog.current_setting('rds.extensions', true) is not null then (
            select pg_catalog.string_agg(p.proname::pg_catalog.text, ',')
            from pg_catalog.pg_proc as p
            where
                p.pronamespace operator(pg_catalog.=) 'pg_catalog'::pg_catalog.regnamespace
                and p.proname operator(pg_catalog.=) any (
                    array['aurora_replica_status', 'aurora_stat_system_waits', 'aurora_stat_statements']
                    ::pg_catalog.name[]
                )
                -- Older ones do not tell storage from cache.
                and (
                    p.proname operator(pg_catalog.<>) 'aurora_stat_statements'
                    or p.proargnames operator(pg_catalog.@>) array[
                        'storage_blks_read', 'orcache_blks_hit', 'storage_blk_read_time', 'orcache_blk_read_time'
                    ]
                )
        )
    end as aurora_functions,
    pg_catalog.current_setting('search_path') as search_path,
    pg_catalog.current_setting('transaction_read_only') as transaction_read_only,
    pg_catalog.current_setting('statement_timeout') as statement_timeout,
    pg_catalog.current_setting('lock_timeout') as lock_timeout,
    exists (select from pg_catalog.pg_stat_get_progress_info('VACUUM')) as progress_vacuum,
    exists (select from pg_catalog.pg_stat_get_progress_info('CREATE INDEX')) as progress_create_index,
    exists (select from pg_catalog.pg_stat_get_progress_info('CLUSTER')) as progress_cluster
from pg_catalog.pg_database as d
inner join pg_catalog.pg_roles as r on r.rolname operator(pg_catalog.=) current_user
left join pg_catalog.pg_extension as e on e.extname operator(pg_catalog.=) 'pg_stat_statements'
left join pg_catalog.pg_namespace as n on n.oid operator(pg_catalog.=) e.extnamespace
where d.datname operator(pg_catalog.=) pg_catalog.current_database()
