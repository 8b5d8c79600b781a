select
    archived_count,
    last_archived_wal,
    last_archived_time,
    failed_count,
    last_failed_wal,
    last_failed_time,
    stats_reset,
    pg_catalog.statement_timestamp() as read_at
from pg_catalog.pg_stat_archiver
