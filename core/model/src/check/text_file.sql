-- Denied to everybody but superusers unless EXECUTE was granted: sent only where it was.
select (pg_catalog.pg_stat_file('pg_stat_tmp/pgss_query_texts.stat', true)).size as size
