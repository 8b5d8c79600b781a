select pg_catalog.count(*) as entries
from pg_stat_statements(false)
