-- The times stay 0 while they are not measured. From 18 on the rows of WAL have a switch of their own,
-- so that it is decided row by row.
select
    io.backend_type,
    io.object,
    io.context,
    io.reads,
    io.read_bytes::pg_catalog.int8 as read_bytes,
    case when timing.measured then io.read_time end as read_time,
    io.writes,
    io.write_bytes::pg_catalog.int8 as write_bytes,
    case when timing.measured then io.write_time end as write_time,
    io.writebacks,
    case when timing.measured then io.writeback_time end as writeback_time,
    io.extends,
    io.extend_bytes::pg_catalog.int8 as extend_bytes,
    case when timing.measured then io.extend_time end as extend_time,
    io.hits,
    io.evictions,
    io.reuses,
    io.fsyncs,
    case when timing.measured then io.fsync_time end as fsync_time,
    io.stats_reset,
    pg_catalog.statement_timestamp() as read_at
from pg_catalog.pg_stat_io as io
cross join lateral (
    select pg_catalog.current_setting(
        case io.object when 'wal' then 'track_wal_io_timing' else 'track_io_timing' end
    )::pg_catalog.bool as measured
) as timing
