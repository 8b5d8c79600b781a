-- Held by the one poll that uses a state, until its connection ends; no transaction id, and allowed on a standby. A pooler
-- hands a session on to others: behind one, which shows by settings that did not arrive, nothing is locked.
select
    case
        when pg_catalog.current_setting('search_path') operator(pg_catalog.=) 'pg_catalog'
        then pg_catalog.pg_try_advisory_lock(($1[1])::pg_catalog.int4, ($1[2])::pg_catalog.int4)
    end as is_ours
