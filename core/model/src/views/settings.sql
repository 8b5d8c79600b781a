-- A role with pg_monitor reads passwords in clear here: connection strings, shell commands and settings
-- that PostgreSQL does not know leave the server as a hash, which tells whether they changed and nothing
-- else. Settings with a dot pass only if an extension is known to keep no secrets in them and their name
-- suggests none.
select
    s.name,
    case when not h.secret then s.setting end as setting,
    case
        when h.secret
            then pg_catalog.left(
                pg_catalog.encode(
                    -- The database's own encoding: converting would fail on what SQL_ASCII databases may
                    -- hold.
                    pg_catalog.sha256(
                        pg_catalog.convert_to(s.name || '=' || s.setting, pg_catalog.getdatabaseencoding())
                    ),
                    'hex'
                ),
                16
            )
    end as setting_hash,
    s.unit,
    s.category,
    s.vartype,
    s.context,
    s.source,
    s.pending_restart
from pg_catalog.pg_settings as s
cross join lateral (
    select
        s.name = 'primary_conninfo'
        or pg_catalog.right(s.name, 8) = '_command'
        or (
            pg_catalog.strpos(s.name, '.') > 0
            and (
                pg_catalog.split_part(s.name, '.', 1) not in (
                    'alloydb',
                    'apg_plan_mgmt',
                    'auto_explain',
                    'azure',
                    'cloudsql',
                    'cron',
                    'hnsw',
                    'ivfflat',
                    'pg_hint_plan',
                    'pg_prewarm',
                    'pg_stat_kcache',
                    'pg_stat_monitor',
                    'pg_stat_statements',
                    'pg_trgm',
                    'pg_wait_sampling',
                    'pgaudit',
                    'plpgsql',
                    'rds',
                    'timescaledb'
                )
                or s.name ~* '(passw|secret|token|credential|conninfo|connection_|dsn|key|_ur[il])'
            )
        ) as secret
) as h
