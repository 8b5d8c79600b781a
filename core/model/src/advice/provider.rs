//! How each provider lets a setting be changed, and by whom. Their command lines are here and nowhere else.

use crate::capabilities::Provider;

use super::Mend;

/// When a change of a setting takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Apply {
    /// After a reload of the configuration.
    Reload,
    /// After a restart of the server.
    Restart,
}

/// A setting and the value that it should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting<'a> {
    /// PostgreSQL's name of it.
    pub name: &'a str,
    /// The value: a word or a number, which needs no quotes.
    pub value: &'a str,
    /// When the change takes effect.
    pub apply: Apply,
}

const LIBRARY: &str = "pg_stat_statements";

impl Provider {
    /// Returns who may grant and create there.
    pub const fn administrator(self) -> &'static str {
        match self {
            Provider::SelfManaged => "a superuser",
            Provider::Rds | Provider::Aurora => "a member of rds_superuser",
            Provider::CloudSql => "a member of cloudsqlsuperuser",
            Provider::AlloyDb => "a member of alloydbsuperuser",
            Provider::Azure => "a member of azure_pg_admin",
        }
    }
}

/// Returns the way to a server of RDS that RDS Proxy stands before. The address that the server says it was reached at is
/// none: neither a certificate nor a token of IAM is for it.
pub fn past_rds_proxy() -> Mend {
    let command = "aws rds describe-db-instances \
                   --query \"DBInstances[].[DBInstanceIdentifier,Endpoint.Address,DbiResourceId]\" --output table";
    Mend {
        steps: "connect to the instance's own endpoint, with rds-db:connect on its own resource id"
            .to_owned(),
        sql: None,
        command: Some(command.to_owned()),
        needs_restart: false,
    }
}

impl Setting<'_> {
    /// Returns how the setting is changed at this provider.
    pub fn mend(self, provider: Provider) -> Mend {
        let Setting { name, value, .. } = self;
        match provider {
            Provider::SelfManaged => self.alter_system(&format!("alter system set {name} = {value};")),
            Provider::Rds | Provider::Aurora => self.parameter_group(provider),
            Provider::CloudSql | Provider::AlloyDb => self.database_flag(provider),
            Provider::Azure => self.server_parameter(),
        }
    }

    fn alter_system(self, sql: &str) -> Mend {
        let (steps, reload) = match self.apply {
            Apply::Reload => {
                ("as a superuser run (or set it in postgresql.conf and reload)", " select pg_reload_conf();")
            }
            Apply::Restart => {
                ("as a superuser run (or set it in postgresql.conf), then restart the server", "")
            }
        };
        Mend {
            steps: steps.to_owned(),
            sql: Some(format!("{sql}{reload}")),
            command: None,
            needs_restart: self.apply == Apply::Restart,
        }
    }

    /// Parameter groups write switches as numbers.
    fn parameter_group(self, provider: Provider) -> Mend {
        let Setting { name, apply, .. } = self;
        let value = match self.value {
            "on" => "1",
            "off" => "0",
            value => value,
        };
        let (group, option) = match provider {
            Provider::Aurora => ("DB cluster parameter group", "cluster-"),
            _ => ("DB parameter group", ""),
        };
        let (method, after) = match apply {
            Apply::Reload => ("immediate", "it is dynamic, no reboot is needed"),
            Apply::Restart => ("pending-reboot", "it is static, reboot the instance afterwards"),
        };
        let parameters = format!("ParameterName={name},ParameterValue={value},ApplyMethod={method}");
        // A comma ends a value of the short form.
        let parameters = if value.contains(',') {
            format!(r#"'[{{"ParameterName":"{name}","ParameterValue":"{value}","ApplyMethod":"{method}"}}]'"#)
        } else {
            parameters
        };
        Mend {
            steps: format!(
                "set {name} = {value} in the {group} (one of your own, the default one is fixed); {after}"
            ),
            sql: None,
            command: Some(format!(
                "aws rds modify-db-{option}parameter-group --db-{option}parameter-group-name GROUP \
                 --parameters {parameters}"
            )),
            needs_restart: apply == Apply::Restart,
        }
    }

    fn database_flag(self, provider: Provider) -> Mend {
        let Setting { name, value, apply } = self;
        let restarts = if apply == Apply::Restart { "restarts the instance and " } else { "" };
        let patch = match provider {
            Provider::AlloyDb => "gcloud alloydb instances update INSTANCE --cluster=CLUSTER --region=REGION",
            _ => "gcloud sql instances patch INSTANCE",
        };
        Mend {
            steps: format!(
                "set the database flag {name} = {value}; the command {restarts}replaces all flags, so name those \
                 that are set already too"
            ),
            sql: None,
            command: Some(format!("{patch} --database-flags={name}={value}")),
            needs_restart: apply == Apply::Restart,
        }
    }

    fn server_parameter(self) -> Mend {
        let Setting { name, value, apply } = self;
        let restart = if apply == Apply::Restart { ", then restart the server" } else { "" };
        Mend {
            steps: format!("set the server parameter {name} = {value}{restart}"),
            sql: None,
            command: Some(azure_command(name, value)),
            needs_restart: apply == Apply::Restart,
        }
    }
}

pub(super) fn azure_command(name: &str, value: &str) -> String {
    format!(
        "az postgres flexible-server parameter set --resource-group GROUP --server-name SERVER --name {name} \
         --value {value}"
    )
}

/// Adds pg_stat_statements to the libraries that are there. A list that we may not see is the reader's to complete:
/// SQL without it would throw the others out.
pub(super) fn preload(provider: Provider, libraries: Option<&str>) -> Mend {
    let present = libraries.map(|list| list.split(',').map(str::trim).filter(|name| !name.is_empty()));
    let mut names: Vec<&str> = present.map_or_else(|| vec!["ALREADY_LOADED"], Iterator::collect);
    if !names.contains(&LIBRARY) {
        names.push(LIBRARY);
    }
    let value = names.join(",");
    let setting = Setting { name: "shared_preload_libraries", value: &value, apply: Apply::Restart };
    match (provider, libraries) {
        (Provider::SelfManaged, None) => Mend {
            needs_restart: true,
            ..Mend::of_steps(
                "add pg_stat_statements to shared_preload_libraries in postgresql.conf, then restart the server",
            )
        },
        // One string with a comma in it would be one library; each needs quotes of its own.
        (Provider::SelfManaged, Some(_)) => {
            let literals: Vec<String> = names.iter().map(|name| literal(name.trim_matches('"'))).collect();
            setting.alter_system(&format!("alter system set {} = {};", setting.name, literals.join(", ")))
        }
        (Provider::CloudSql | Provider::AlloyDb, _) => Mend::of_steps(
            "pg_stat_statements is loaded there unless a database flag prevents it: look at the instance's flags",
        ),
        (Provider::Rds | Provider::Aurora | Provider::Azure, _) => setting.mend(provider),
    }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn every_provider(setting: Setting<'_>) -> String {
        let line = |provider: Provider| {
            let mend = setting.mend(provider);
            let what = mend.sql.or(mend.command).unwrap_or_default();
            format!("{}: {}: {what}\n", provider.name(), mend.steps)
        };
        Provider::ALL.into_iter().map(line).collect()
    }

    #[test]
    fn each_provider_has_its_own_way_to_reload() {
        expect![[r#"
            self-managed: as a superuser run (or set it in postgresql.conf and reload): alter system set track_io_timing = on; select pg_reload_conf();
            rds: set track_io_timing = 1 in the DB parameter group (one of your own, the default one is fixed); it is dynamic, no reboot is needed: aws rds modify-db-parameter-group --db-parameter-group-name GROUP --parameters ParameterName=track_io_timing,ParameterValue=1,ApplyMethod=immediate
            aurora: set track_io_timing = 1 in the DB cluster parameter group (one of your own, the default one is fixed); it is dynamic, no reboot is needed: aws rds modify-db-cluster-parameter-group --db-cluster-parameter-group-name GROUP --parameters ParameterName=track_io_timing,ParameterValue=1,ApplyMethod=immediate
            cloud-sql: set the database flag track_io_timing = on; the command replaces all flags, so name those that are set already too: gcloud sql instances patch INSTANCE --database-flags=track_io_timing=on
            alloydb: set the database flag track_io_timing = on; the command replaces all flags, so name those that are set already too: gcloud alloydb instances update INSTANCE --cluster=CLUSTER --region=REGION --database-flags=track_io_timing=on
            azure: set the server parameter track_io_timing = on: az postgres flexible-server parameter set --resource-group GROUP --server-name SERVER --name track_io_timing --value on
        "#]]
        .assert_eq(&every_provider(Setting { name: "track_io_timing", value: "on", apply: Apply::Reload }));
    }

    #[test]
    fn each_provider_has_its_own_way_to_restart() {
        expect![[r#"
            self-managed: as a superuser run (or set it in postgresql.conf), then restart the server: alter system set track_activity_query_size = 4096;
            rds: set track_activity_query_size = 4096 in the DB parameter group (one of your own, the default one is fixed); it is static, reboot the instance afterwards: aws rds modify-db-parameter-group --db-parameter-group-name GROUP --parameters ParameterName=track_activity_query_size,ParameterValue=4096,ApplyMethod=pending-reboot
            aurora: set track_activity_query_size = 4096 in the DB cluster parameter group (one of your own, the default one is fixed); it is static, reboot the instance afterwards: aws rds modify-db-cluster-parameter-group --db-cluster-parameter-group-name GROUP --parameters ParameterName=track_activity_query_size,ParameterValue=4096,ApplyMethod=pending-reboot
            cloud-sql: set the database flag track_activity_query_size = 4096; the command restarts the instance and replaces all flags, so name those that are set already too: gcloud sql instances patch INSTANCE --database-flags=track_activity_query_size=4096
            alloydb: set the database flag track_activity_query_size = 4096; the command restarts the instance and replaces all flags, so name those that are set already too: gcloud alloydb instances update INSTANCE --cluster=CLUSTER --region=REGION --database-flags=track_activity_query_size=4096
            azure: set the server parameter track_activity_query_size = 4096, then restart the server: az postgres flexible-server parameter set --resource-group GROUP --server-name SERVER --name track_activity_query_size --value 4096
        "#]]
        .assert_eq(&every_provider(Setting {
            name: "track_activity_query_size",
            value: "4096",
            apply: Apply::Restart,
        }));
    }

    #[test]
    fn libraries_that_are_loaded_stay_loaded() {
        let sql = |list| preload(Provider::SelfManaged, list).sql.unwrap();
        let prefix = "alter system set shared_preload_libraries = ";
        assert_eq!(sql(Some("")), format!("{prefix}'pg_stat_statements';"));
        assert_eq!(sql(Some("a, \"b c\"")), format!("{prefix}'a', 'b c', 'pg_stat_statements';"));
        assert_eq!(preload(Provider::SelfManaged, None).sql, None);
        let command = preload(Provider::Rds, Some("pgaudit")).command.unwrap();
        assert!(command.contains(r#""ParameterValue":"pgaudit,pg_stat_statements""#), "{command}");
    }
}
