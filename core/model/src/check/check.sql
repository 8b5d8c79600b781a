-- What only a check asks, once. Nothing in it opens a relation of the user's, so nothing waits for a lock.
select
    pg_catalog.current_setting('max_connections')::pg_catalog.int8 as max_connections,
    pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int8 as superuser_reserved_connections,
    -- 16 and later.
    pg_catalog.current_setting('reserved_connections', true)::pg_catalog.int8 as reserved_connections,
    (
        -- Without pg_read_all_stats the type of other roles' backends is hidden; those of a database are clients.
        select pg_catalog.count(*)
        from pg_catalog.pg_stat_activity as a
        where a.backend_type = 'client backend' or (a.backend_type is null and a.datid is not null)
    ) as connections_used,
    (
        select pg_catalog.count(*)
        from pg_catalog.pg_stat_activity as b
        where b.usesysid = r.oid
    ) as role_connections_used,
    r.rolconnlimit::pg_catalog.int8 as role_connection_limit,
    pg_catalog.pg_has_role(r.oid, m.oid, 'member') as is_member_of_monitor,
    -- The role came with 16.
    pg_catalog.pg_has_role(r.oid, u.oid, 'usage') as uses_reserved_connections,
    (
        select pg_catalog.string_agg(p.rolname::pg_catalog.text, ', ' order by p.rolname)
        from pg_catalog.pg_roles as p
        where
            p.rolname in (
                'alloydbsuperuser',
                'azure_pg_admin',
                'cloudsqlsuperuser',
                'pg_checkpoint',
                'pg_create_subscription',
                'pg_execute_server_program',
                'pg_maintain',
                'pg_read_all_data',
                'pg_read_server_files',
                'pg_signal_backend',
                'pg_write_all_data',
                'pg_write_server_files',
                'rds_superuser'
            )
            and pg_catalog.pg_has_role(r.oid, p.oid, 'member')
    ) as excess_memberships,
    (
        select x.default_version
        from pg_catalog.pg_available_extensions() as x
        where x.name = 'pg_stat_statements'
    ) as statements_offered,
    case when pg_catalog.pg_has_role(r.oid, 'pg_read_all_settings', 'usage')
        then pg_catalog.current_setting('shared_preload_libraries', true) end as shared_preload_libraries,
    pg_catalog.has_function_privilege('pg_catalog.pg_stat_file(text, boolean)', 'execute') as may_see_text_file,
    q.hidden_sequences,
    q.hidden_sequence_schemas,
    pg_catalog.host(pg_catalog.inet_server_addr()) as server_address,
    pg_catalog.inet_server_port() as server_port,
    pg_catalog.current_setting('ssl')::pg_catalog.bool as server_has_tls
from pg_catalog.pg_roles as r
left join pg_catalog.pg_roles as m on m.rolname = 'pg_monitor'
left join pg_catalog.pg_roles as u on u.rolname = 'pg_use_reserved_connections'
cross join (
    select
        coalesce(pg_catalog.sum(h.sequences), 0)::pg_catalog.int8 as hidden_sequences,
        pg_catalog.string_agg(pg_catalog.quote_ident(h.nspname), ', ' order by h.nspname) as hidden_sequence_schemas
    from (
        select
            n.nspname,
            pg_catalog.count(*) as sequences
        from pg_catalog.pg_class as c
        inner join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
        where
            not pg_catalog.pg_is_other_temp_schema(n.oid)
            -- A condition beside it may be tried in any order, and the function fails for what is no sequence.
            and case when c.relkind = 'S'
                then not pg_catalog.has_sequence_privilege(c.oid, 'usage, select') end
        group by n.nspname
    ) as h
) as q
where r.rolname = current_user
