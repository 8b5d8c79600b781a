-- Walks the files of each database. Without CONNECT or pg_read_all_stats the size is not ours to know.
select
    oid as datid,
    datname,
    case
        when pg_catalog.has_database_privilege(oid, 'connect')
            or pg_catalog.pg_has_role('pg_read_all_stats', 'usage')
            then pg_catalog.pg_database_size(oid)
    end as database_size
from pg_catalog.pg_database
