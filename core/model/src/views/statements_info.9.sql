select
    dealloc,
    stats_reset,
    pg_catalog.statement_timestamp() as read_at
from pg_stat_statements_info()
