-- On a standby, "here" is what it has: received, or replayed from the archive.
select
    s.slot_name,
    s.plugin,
    s.slot_type,
    s.datoid,
    s.database,
    s.temporary,
    s.active,
    s.active_pid,
    pg_catalog.age(s.xmin) as xmin_age,
    pg_catalog.age(s.catalog_xmin) as catalog_xmin_age,
    pg_catalog.pg_wal_lsn_diff(here.lsn, s.restart_lsn)::pg_catalog.int8 as restart_lsn_lag,
    pg_catalog.pg_wal_lsn_diff(here.lsn, s.confirmed_flush_lsn)::pg_catalog.int8 as confirmed_flush_lsn_lag,
    s.wal_status,
    s.safe_wal_size,
    pg_catalog.statement_timestamp() as read_at
from pg_catalog.pg_replication_slots as s
cross join (
    select
        case
            when pg_catalog.pg_is_in_recovery()
                then greatest(pg_catalog.pg_last_wal_receive_lsn(), pg_catalog.pg_last_wal_replay_lsn())
            else pg_catalog.pg_current_wal_lsn()
        end as lsn
) as here
