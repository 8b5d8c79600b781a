-- Never rolpassword or rolconfig. 'infinity' is no moment at which a password ends.
select
    oid as roleid,
    rolname,
    rolcanlogin,
    rolsuper,
    rolinherit,
    rolcreaterole,
    rolcreatedb,
    rolreplication,
    rolbypassrls,
    rolconnlimit,
    case when pg_catalog.isfinite(rolvaliduntil) then rolvaliduntil end as rolvaliduntil
from pg_catalog.pg_roles
