-- On a standby that feeds others, "here" is what it has: received, or replayed from the archive.
select
    r.pid,
    r.usesysid,
    r.usename,
    r.application_name,
    pg_catalog.host(r.client_addr) as client_addr,
    r.client_hostname,
    r.client_port,
    r.backend_start,
    pg_catalog.age(r.backend_xmin) as backend_xmin_age,
    r.state,
    pg_catalog.pg_wal_lsn_diff(here.lsn, r.sent_lsn)::pg_catalog.int8 as sent_lsn_lag,
    pg_catalog.pg_wal_lsn_diff(here.lsn, r.write_lsn)::pg_catalog.int8 as write_lsn_lag,
    pg_catalog.pg_wal_lsn_diff(here.lsn, r.flush_lsn)::pg_catalog.int8 as flush_lsn_lag,
    pg_catalog.pg_wal_lsn_diff(here.lsn, r.replay_lsn)::pg_catalog.int8 as replay_lsn_lag,
    extract(epoch from r.write_lag)::pg_catalog.float8 as write_lag,
    extract(epoch from r.flush_lag)::pg_catalog.float8 as flush_lag,
    extract(epoch from r.replay_lag)::pg_catalog.float8 as replay_lag,
    r.sync_priority,
    r.sync_state,
    r.reply_time
from pg_catalog.pg_stat_replication as r
cross join (
    select
        case
            when pg_catalog.pg_is_in_recovery()
                then greatest(pg_catalog.pg_last_wal_receive_lsn(), pg_catalog.pg_last_wal_replay_lsn())
            else pg_catalog.pg_current_wal_lsn()
        end as lsn
) as here
