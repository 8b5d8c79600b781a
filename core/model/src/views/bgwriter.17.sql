-- 17 moved the checkpointer's columns to pg_stat_checkpointer and the backends' to pg_stat_io.
select
    buffers_clean,
    maxwritten_clean,
    buffers_alloc,
    stats_reset,
    pg_catalog.statement_timestamp() as read_at
from pg_catalog.pg_stat_bgwriter
