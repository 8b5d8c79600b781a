select
    dbid,
    queryid,
    query
from pg_stat_statements(true)
where queryid is not null
