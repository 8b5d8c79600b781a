select
    r.server_id::pg_catalog.text,
    r.session_id::pg_catalog.text,
    r.replica_lag_in_msec::pg_catalog.float8,
    r.cur_replay_latency_in_usec::pg_catalog.int8,
    r.active_txns::pg_catalog.int8,
    r.pending_read_ios::pg_catalog.int8,
    r.read_ios::pg_catalog.int8,
    r.log_stream_speed_in_kib_per_second::pg_catalog.float8,
    r.cpu::pg_catalog.float8,
    r.last_update_timestamp::pg_catalog.timestamptz,
    pg_catalog.statement_timestamp() as read_at
from pg_catalog.aurora_replica_status() as r
