select
    subid,
    subname,
    apply_error_count,
    sync_error_count,
    confl_insert_exists,
    confl_update_origin_differs,
    confl_update_exists,
    confl_update_missing,
    confl_delete_origin_differs,
    confl_delete_missing,
    confl_multiple_unique_conflicts,
    stats_reset,
    pg_catalog.statement_timestamp() as read_at
from pg_catalog.pg_stat_subscription_stats
