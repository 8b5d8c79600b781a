-- pg_subscription is joined for columns that everybody may read, never subconninfo. Before 14 its oid
-- was not among them, so that the database of a subscription stays unknown.
select
    w.subid,
    w.subname,
    w.pid,
    w.relid,
    pg_catalog.pg_wal_lsn_diff(w.received_lsn, '0/0')::pg_catalog.int8 as received_lsn,
    w.last_msg_send_time,
    w.last_msg_receipt_time,
    pg_catalog.pg_wal_lsn_diff(w.latest_end_lsn, '0/0')::pg_catalog.int8 as latest_end_lsn,
    w.latest_end_time
from pg_catalog.pg_stat_subscription as w
