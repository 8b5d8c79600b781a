-- pg_subscription is joined for columns that everybody may read, never subconninfo.
select
    w.subid,
    w.subname,
    s.subdbid,
    s.subenabled,
    w.pid,
    w.relid,
    pg_catalog.pg_wal_lsn_diff(w.received_lsn, '0/0')::pg_catalog.int8 as received_lsn,
    w.last_msg_send_time,
    w.last_msg_receipt_time,
    pg_catalog.pg_wal_lsn_diff(w.latest_end_lsn, '0/0')::pg_catalog.int8 as latest_end_lsn,
    w.latest_end_time
from pg_catalog.pg_stat_subscription as w
left join pg_catalog.pg_subscription as s on s.oid = w.subid
