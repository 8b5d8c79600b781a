-- The catalogue alone: how far a sequence is can only be read by opening it (pg_sequence_last_value).
select
    s.seqrelid as relid,
    n.nspname as schemaname,
    c.relname as sequencename,
    s.seqtypid::pg_catalog.regtype::pg_catalog.text as data_type,
    s.seqstart,
    s.seqmin,
    s.seqmax,
    s.seqincrement,
    s.seqcycle,
    s.seqcache
from pg_catalog.pg_sequence as s
join pg_catalog.pg_class as c on c.oid = s.seqrelid
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where not pg_catalog.pg_is_other_temp_schema(n.oid)
