-- The times stay 0 while they are not measured.
select
    io.backend_type,
    io.object,
    io.context,
    io.reads,
    case when timing.measured then io.read_time end as read_time,
    io.writes,
    case when timing.measured then io.write_time end as write_time,
    io.writebacks,
    case when timing.measured then io.writeback_time end as writeback_time,
    io.extends,
    case when timing.measured then io.extend_time end as extend_time,
    io.op_bytes,
    io.hits,
    io.evictions,
    io.reuses,
    io.fsyncs,
    case when timing.measured then io.fsync_time end as fsync_time,
    io.stats_reset,
    pg_catalog.statement_timestamp() as read_at
from pg_catalog.pg_stat_io as io
cross join lateral (
    select pg_catalog.current_setting('track_io_timing')::pg_catalog.bool as measured
) as timing
