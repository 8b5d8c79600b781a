-- 18 counts the writes and syncs of WAL in pg_stat_io.
select
    wal_records,
    wal_fpi,
    wal_bytes::pg_catalog.int8 as wal_bytes,
    wal_buffers_full,
    stats_reset,
    pg_catalog.statement_timestamp() as read_at
from pg_catalog.pg_stat_wal
