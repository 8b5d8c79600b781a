//! Why a server is not polled, in words, with what would change it.

use std::fmt;

/// Why a server that was seen is not among those that were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// Its name, or its cluster's, fits this pattern of `exclude`.
    Excluded(String),
    /// Neither its name nor its cluster's fits a pattern of `include`.
    NotIncluded,
    /// It lacks this tag, or has it with another value.
    Untagged(String),
    /// Its tag says so.
    Disabled,
    /// There is no server at work, by its status.
    NotRunning(String),
    /// It has no address yet.
    NoEndpoint,
    /// It takes no tokens.
    IamOff {
        /// Whether it is turned on for the cluster, or for the instance.
        in_cluster: bool,
        /// The name of that.
        identifier: String,
    },
    /// A cluster of Aurora Serverless v1, which has no instances.
    ServerlessV1,
    /// A cluster without instances.
    NoInstances,
}

/// States in which there is no server that could answer: it is not there yet, was stopped, or is beyond repair. In all
/// others, such as `backing-up`, `modifying` or `rebooting`, a server is polled, and if it is down that is what is said.
/// Source: "Viewing DB instance status" in the user guide of Amazon RDS.
const NOT_RUNNING: [(&str, &str); 11] = [
    ("creating", SOON),
    ("starting", SOON),
    ("stopping", START),
    ("stopped", START),
    ("deleting", "there is nothing to do"),
    ("failed", EVENTS),
    ("restore-error", EVENTS),
    ("incompatible-restore", EVENTS),
    ("insufficient-capacity", EVENTS),
    ("inaccessible-encryption-credentials", KEY),
    ("inaccessible-encryption-credentials-recoverable", KEY),
];
const SOON: &str = "it is found once it is available";
const START: &str = "start it if it is to be polled";
const EVENTS: &str = "aws rds describe-events says what happened";
const KEY: &str = "give RDS access to its KMS key again";

/// Tells whether a server in this state is left out.
pub(super) fn by_status(status: &str) -> Option<LeftOut> {
    let is_listed = NOT_RUNNING.iter().any(|(listed, _)| *listed == status);
    is_listed.then(|| LeftOut::NotRunning(status.to_owned()))
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LeftOut::Excluded(pattern) => {
                write!(f, "its name is excluded by {pattern}: take that out if it is to be polled")
            }
            LeftOut::NotIncluded => {
                f.write_str("its name fits no include pattern: add one if it is to be polled")
            }
            LeftOut::Untagged(rule) => write!(f, "it has no tag {rule}: tag it if it is to be polled"),
            LeftOut::Disabled => {
                f.write_str("its tag pgquerylens:enabled is false: remove the tag if it is to be polled")
            }
            LeftOut::NotRunning(status) => {
                let known = NOT_RUNNING.iter().find(|(listed, _)| listed == status);
                write!(f, "it is {status}: {}", known.map_or(SOON, |(_, advice)| advice))
            }
            LeftOut::NoEndpoint => write!(f, "it has no endpoint: {SOON}"),
            LeftOut::IamOff { in_cluster, identifier } => {
                let kind = if *in_cluster { "cluster" } else { "instance" };
                write!(
                    f,
                    "IAM database authentication is off: aws rds modify-db-{kind} --db-{kind}-identifier \
                     {identifier} --enable-iam-database-authentication --apply-immediately"
                )
            }
            LeftOut::ServerlessV1 => f.write_str(
                "Aurora Serverless v1 has no instances, and what is behind its endpoint changes: move it to \
                 Serverless v2",
            ),
            LeftOut::NoInstances => {
                f.write_str("the cluster has no instances: add one if it is to be polled")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_at_work_is_polled_whatever_is_done_to_it() {
        for status in
            ["available", "backing-up", "modifying", "rebooting", "upgrading", "storage-full", "new-state"]
        {
            assert_eq!(by_status(status), None, "{status}");
        }
        let stopped = by_status("stopped").unwrap();
        assert_eq!(stopped.to_string(), "it is stopped: start it if it is to be polled");
        assert_eq!(
            by_status("creating").unwrap().to_string(),
            "it is creating: it is found once it is available"
        );
    }

    #[test]
    fn iam_is_turned_on_where_it_belongs() {
        let off = |in_cluster| LeftOut::IamOff { in_cluster, identifier: "shop".to_owned() }.to_string();
        assert_eq!(
            off(true),
            "IAM database authentication is off: aws rds modify-db-cluster --db-cluster-identifier shop \
             --enable-iam-database-authentication --apply-immediately"
        );
        assert!(off(false).contains("modify-db-instance --db-instance-identifier shop "));
    }
}
