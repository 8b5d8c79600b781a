-- By the catalogue of dependencies, which has an index for it: the columns of all tables are not looked through.
select distinct
    c.oid as relid,
    n.nspname as schemaname,
    c.relname
from pg_catalog.pg_type as t
join pg_catalog.pg_depend as d
    on d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass and d.refobjid = t.oid
    and d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objsubid > 0
join pg_catalog.pg_class as c on c.oid = d.objid and c.relkind in ('r', 'p') and not c.relispartition
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where t.typname in ('vector', 'halfvec', 'sparsevec')
