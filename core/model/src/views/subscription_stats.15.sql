select
    subid,
    subname,
    apply_error_count,
    sync_error_count,
    stats_reset,
    pg_catalog.statement_timestamp() as read_at
from pg_catalog.pg_stat_subscription_stats
