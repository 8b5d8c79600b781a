select
    e.oid as extoid,
    e.extname,
    e.extversion,
    n.nspname as extnamespace,
    pg_catalog.pg_get_userbyid(e.extowner) as extowner,
    e.extrelocatable
from pg_catalog.pg_extension as e
join pg_catalog.pg_namespace as n on n.oid = e.extnamespace
