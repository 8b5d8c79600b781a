//! What approving and preparing means where somebody else runs the server.

use pgquerylens_model::capabilities::Provider;

/// Returns who may create the role and grant it pg_monitor.
pub(super) fn grantor(provider: Provider) -> &'static str {
    match provider {
        Provider::SelfManaged => "a superuser",
        Provider::Rds | Provider::Aurora => "the master user (a member of rds_superuser)",
        Provider::CloudSql => "the user postgres (a member of cloudsqlsuperuser)",
        Provider::AlloyDb => "the user postgres (a member of alloydbsuperuser)",
        Provider::Azure => "the administrator (a member of azure_pg_admin)",
    }
}

/// Returns where pg_stat_statements is preloaded.
pub(super) fn preloading(provider: Provider) -> &'static str {
    match provider {
        Provider::SelfManaged => {
            "shared_preload_libraries = 'pg_stat_statements' in postgresql.conf, and a restart"
        }
        Provider::Rds => "shared_preload_libraries in the DB parameter group, and a reboot",
        Provider::Aurora => "shared_preload_libraries in the DB cluster parameter group, and a reboot",
        Provider::CloudSql | Provider::AlloyDb => "it is preloaded; only the extension has to be created",
        Provider::Azure => {
            "the server parameters azure.extensions and shared_preload_libraries, and a restart"
        }
    }
}
