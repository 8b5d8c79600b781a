-- Never conninfo: it may hold a password. Positions are bytes from the beginning of WAL.
select
    pid,
    status,
    pg_catalog.pg_wal_lsn_diff(receive_start_lsn, '0/0')::pg_catalog.int8 as receive_start_lsn,
    receive_start_tli,
    -- 13 renamed received_lsn to flushed_lsn, which it always was.
    pg_catalog.pg_wal_lsn_diff(received_lsn, '0/0')::pg_catalog.int8 as flushed_lsn,
    received_tli,
    last_msg_send_time,
    last_msg_receipt_time,
    pg_catalog.pg_wal_lsn_diff(latest_end_lsn, '0/0')::pg_catalog.int8 as latest_end_lsn,
    latest_end_time,
    slot_name,
    sender_host,
    sender_port
from pg_catalog.pg_stat_wal_receiver
