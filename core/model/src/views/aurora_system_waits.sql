select
    t.type_name::pg_catalog.text,
    e.event_name::pg_catalog.text,
    pg_catalog.sum(w.waits)::pg_catalog.int8 as waits,
    pg_catalog.sum(w.wait_time)::pg_catalog.int8 as wait_time,
    pg_catalog.statement_timestamp() as read_at
from pg_catalog.aurora_stat_system_waits() as w
join pg_catalog.aurora_stat_wait_event() as e on e.type_id = w.type_id and e.event_id = w.event_id
join pg_catalog.aurora_stat_wait_type() as t on t.type_id = w.type_id
where w.waits > 0
group by t.type_name, e.event_name
