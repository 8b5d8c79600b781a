-- Nothing left to replay is no delay, but only while something still arrives: without a receiver we
-- cannot know what is missing, and the age of the last replayed transaction is the delay. Replay is read
-- before receive, so that a difference cannot be negative; it is NULL where WAL comes from the archive
-- and overtook what was received.
select
    pg_catalog.pg_wal_lsn_diff(here.receive_lsn, '0/0')::pg_catalog.int8 as last_wal_receive_lsn,
    pg_catalog.pg_wal_lsn_diff(here.replay_lsn, '0/0')::pg_catalog.int8 as last_wal_replay_lsn,
    case
        when here.receive_lsn >= here.replay_lsn
            then pg_catalog.pg_wal_lsn_diff(here.receive_lsn, here.replay_lsn)::pg_catalog.int8
    end as replay_lsn_lag,
    here.replayed_at as last_xact_replay_timestamp,
    case
        when here.receive_lsn <= here.replay_lsn
            and exists (select from pg_catalog.pg_stat_wal_receiver)
            then 0.0::pg_catalog.float8
        else extract(epoch from pg_catalog.clock_timestamp() - here.replayed_at)::pg_catalog.float8
    end as replay_delay,
    pg_catalog.pg_is_wal_replay_paused() as is_wal_replay_paused
from (
    select
        pg_catalog.pg_last_xact_replay_timestamp() as replayed_at,
        pg_catalog.pg_last_wal_replay_lsn() as replay_lsn,
        pg_catalog.pg_last_wal_receive_lsn() as receive_lsn
) as here
