-- The extension tells nothing of itself before 1.9: only the moment is read.
select pg_catalog.statement_timestamp() as read_at
