select
    funcid,
    schemaname,
    funcname,
    calls,
    total_time,
    self_time,
    pg_catalog.statement_timestamp() as read_at
from pg_catalog.pg_stat_user_functions
