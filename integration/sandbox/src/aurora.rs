//! A server that shows what Amazon Aurora shows: settings by which it is known, and functions of its own in `pg_catalog`,
//! with the names, columns and units of the Aurora user guide. The figures are planted or follow from PostgreSQL's own.

use crate::{Result, Server, ServerBuilder};

/// Settings that Aurora plants, as a client sees them.
const SETTINGS: [(&str, &str); 2] =
    [("apg_plan_mgmt.capture_plan_baselines", "off"), ("rds.extensions", "pg_stat_statements")];

/// Gives a server the settings by which Aurora is known.
pub fn known_as_aurora(builder: ServerBuilder) -> ServerBuilder {
    SETTINGS.into_iter().fold(builder, |builder, (name, value)| builder.setting(name, value))
}

/// Gives a server Aurora's functions, in its database `postgres`, where pg_stat_statements has to be.
pub async fn plant(server: &Server) -> Result<()> {
    server.execute(REPLICA_STATUS).await?;
    server.execute(WAITS).await?;
    server.execute(STATEMENTS).await
}

/// "aurora_replica_status": a writer and a reader.
const REPLICA_STATUS: &str = "
create function pg_catalog.aurora_replica_status()
returns table (
    server_id text, session_id text, durable_lsn bigint, highest_lsn_rcvd bigint, current_read_lsn bigint,
    cur_replay_latency_in_usec bigint, active_txns bigint, is_current boolean, last_transport_error int,
    last_error_timestamp timestamptz, last_update_timestamp timestamptz, feedback_xmin bigint, feedback_epoch bigint,
    replica_lag_in_msec float4, log_stream_speed_in_kib_per_second float4, log_buffer_sequence_number bigint,
    oldest_read_view_trx_id bigint, oldest_read_view_lsn bigint, pending_read_ios int, read_ios int, iops int,
    cpu float4
) language sql as $$
    values
        ('shop-1', 'MASTER_SESSION_ID', 5, null, null, null, null, null, 0, now(), null, null, null,
            null, 0, 0, 0, 0, 0, 0, 0, 1.5::float4),
        ('shop-2', '4b2f5bd2-9c21-4a7e-8d6a-3a1f0c7f9e11', 5, 5, 5, 7019, 3, null::boolean, 0, now(), now(),
            9, 0, 19::float4, 12.5::float4, 0, 0, 4, 2, 41, 0, 2.5::float4)
$$";

/// "aurora_stat_system_waits" with its two tables of names.
const WAITS: &str = "
create sequence public.commits_waited;
create function pg_catalog.aurora_stat_wait_type() returns table (type_id smallint, type_name text)
    language sql as $$ values (1::smallint, 'LWLock'), (10::smallint, 'IO') $$;
create function pg_catalog.aurora_stat_wait_event()
    returns table (type_id smallint, event_id int, event_name text) language sql as $$
    values (1::smallint, 16777219, 'XidGenLock'), (10::smallint, 167772231, 'XactSync')
$$;
create function pg_catalog.aurora_stat_system_waits()
    returns table (type_id smallint, event_id int, waits bigint, wait_time bigint) language sql as $$
    values
        (1::smallint, 16777219, 11::bigint, 12864::bigint),
        (10::smallint, 167772231, (select last_value from public.commits_waited),
            (select last_value * 1000 from public.commits_waited))
$$;
grant select on public.commits_waited to public";

/// "aurora_stat_statements": every column of PostgreSQL's, then Aurora's. Half of all blocks come from the cache.
const STATEMENTS: &str = "
do $do$
declare
    columns text;
begin
    select string_agg(format('%I %s', c.name, c.type::regtype), ', ')
    into columns
    from pg_proc as p, unnest(p.proargnames[2:], p.proallargtypes[2:]) as c (name, type)
    where p.proname = 'pg_stat_statements';
    execute format(
        'create function pg_catalog.aurora_stat_statements(showtext boolean)
        returns table (%s, storage_blks_read bigint, orcache_blks_hit bigint,
            storage_blk_read_time float8, orcache_blk_read_time float8)
        language sql as $f$
            select s.*, s.calls * 2, s.calls * 3, s.calls * 0.5::float8, s.calls * 0.25::float8
            from public.pg_stat_statements(showtext) as s
        $f$',
        columns
    );
end
$do$";
