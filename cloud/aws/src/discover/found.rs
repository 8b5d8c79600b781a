//! What was found, over all accounts and regions: each server once, and each by a name of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{DiscoveredServer, LeftOut};
use crate::session::Account;

/// The most bytes that a server's name can have.
const MAX_NAME_BYTES: usize = 80;

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The servers that are to be polled.
    pub servers: Vec<DiscoveredServer>,
    /// Those that are not, though they are PostgreSQL.
    pub left_out: Vec<Omitted>,
    /// How many instances there are of engines that were not looked for.
    pub other_engines: BTreeMap<String, usize>,
    /// What is amiss with servers, none of which kept them from being found.
    pub remarks: Vec<Remark>,
    /// Accounts and regions that could not be looked into.
    pub troubles: Vec<Trouble>,
}

/// A server that is not polled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Omitted {
    /// The identifier of the instance, or of a cluster without any.
    pub identifier: String,
    /// The ARN of that.
    pub arn: String,
    /// Why, and what would change it.
    pub why: LeftOut,
}

/// Something that is amiss with a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The identifier of the instance.
    pub identifier: String,
    /// Its ARN.
    pub arn: String,
    /// What it is about: a tag, or a property.
    pub about: String,
    /// What is wrong, and what to do.
    pub advice: String,
}

/// An account or region that could not be looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// By whose role; `None` is our own credentials.
    pub account: Option<Account>,
    /// The region; `None` is the account as a whole.
    pub region: Option<String>,
    /// What went wrong.
    pub why: String,
    /// What mends it.
    pub advice: String,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.account {
            Some(account) => write!(f, "by {}", account.role_arn)?,
            None => f.write_str("by our own credentials")?,
        }
        if let Some(region) = &self.region {
            write!(f, ", in {region}")?;
        }
        write!(f, ": {}: {}", self.why, self.advice)
    }
}

impl Found {
    /// Joins what was found in each place. What is seen twice, by two ways into one account, counts once.
    pub(super) fn joined(places: Vec<Found>, troubles: Vec<Trouble>) -> Found {
        let mut joined = Found { troubles, ..Found::default() };
        let mut seen = BTreeSet::new();
        for place in places {
            let arns = place.servers.iter().map(|server| &server.arn);
            let arns = arns.chain(place.left_out.iter().map(|omitted| &omitted.arn));
            let new: BTreeSet<String> = arns.filter(|arn| !seen.contains(*arn)).cloned().collect();
            joined.servers.extend(place.servers.into_iter().filter(|server| new.contains(&server.arn)));
            joined.left_out.extend(place.left_out.into_iter().filter(|omitted| new.contains(&omitted.arn)));
            joined.remarks.extend(place.remarks.into_iter().filter(|remark| new.contains(&remark.arn)));
            for (engine, count) in place.other_engines {
                *joined.other_engines.entry(engine).or_default() += count;
            }
            seen.extend(new);
        }
        joined.name();
        joined
    }

    /// Gives those that have the same name their regions, their accounts, or both.
    fn name(&mut self) {
        let mut same: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, server) in self.servers.iter().enumerate() {
            same.entry(server.name.clone()).or_default().push(index);
        }
        for (name, indexes) in same.into_iter().filter(|(_, indexes)| indexes.len() > 1) {
            let differ = |of: fn(&DiscoveredServer) -> &str| {
                let different: BTreeSet<&str> =
                    indexes.iter().map(|index| of(&self.servers[*index])).collect();
                different.len() == indexes.len()
            };
            let (by_region, by_account) =
                (differ(|server| &server.region), differ(|server| &server.account_id));
            for index in indexes {
                let server = &mut self.servers[index];
                let DiscoveredServer { region, account_id, .. } = &*server;
                server.name = match (by_region, by_account) {
                    (true, _) => format!("{name}.{region}"),
                    (false, true) => format!("{name}.{account_id}"),
                    (false, false) => format!("{name}.{region}.{account_id}"),
                };
            }
        }
        let long = self.servers.iter().filter(|server| server.name.len() > MAX_NAME_BYTES);
        self.remarks.extend(long.map(|server| Remark {
            identifier: server.identifier.clone(),
            arn: server.arn.clone(),
            about: format!("the name {}", server.name),
            advice: format!(
                "it is longer than {MAX_NAME_BYTES} bytes: give the instance a shorter identifier"
            ),
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::super::listing::Listing;
    use super::super::{Login, Search, sorting::sort_out};
    use super::*;

    use aws_sdk_rds::types::{DbInstance, Endpoint};

    /// What is found at a place where there are instances of these names.
    fn place(account: &str, region: &str, names: &[&str]) -> Found {
        let instance = |name: &&str| {
            let host = format!("{name}.abc123.{region}.rds.amazonaws.com");
            DbInstance::builder()
                .db_instance_identifier(*name)
                .db_instance_arn(format!("arn:aws:rds:{region}:{account}:db:{name}"))
                .engine("postgres")
                .endpoint(Endpoint::builder().address(host).port(5432).build())
                .build()
        };
        let listing = Listing { instances: names.iter().map(instance).collect(), clusters: Vec::new() };
        sort_out(&listing, &Search { login: Login::Password, ..Search::default() }, None)
    }

    fn check(places: Vec<Found>, expected: &[&str]) {
        let found = Found::joined(places, Vec::new());
        let names: Vec<&str> = found.servers.iter().map(|server| server.name.as_str()).collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn only_those_of_one_name_get_longer_ones() {
        check(
            vec![place("1", "eu-west-1", &["shop", "bank"]), place("1", "us-east-1", &["shop"])],
            &["shop.eu-west-1", "bank", "shop.us-east-1"],
        );
        check(
            vec![place("1", "eu-west-1", &["shop"]), place("2", "eu-west-1", &["shop", "bank"])],
            &["shop.1", "shop.2", "bank"],
        );
        check(
            vec![
                place("1", "eu-west-1", &["a"]),
                place("2", "eu-west-1", &["a"]),
                place("1", "us-east-1", &["a"]),
            ],
            &["a.eu-west-1.1", "a.eu-west-1.2", "a.us-east-1.1"],
        );
    }

    #[test]
    fn two_ways_into_one_account_find_a_server_once() {
        let twice = vec![place("1", "eu-west-1", &["shop"]), place("1", "eu-west-1", &["shop", "bank"])];
        check(twice, &["shop", "bank"]);
    }

    #[test]
    fn a_name_that_became_too_long_is_told() {
        let long = "a".repeat(60);
        let places = [("1", "eu-west-1"), ("2", "eu-west-1"), ("1", "us-east-1")];
        let places = places.map(|(account, region)| place(&account.repeat(12), region, &[&long]));
        assert_eq!(Found::joined(places.into(), Vec::new()).remarks.len(), 3);
    }

    #[test]
    fn a_trouble_says_where_and_what_to_do() {
        let trouble = Trouble {
            account: Account::by("arn:aws:iam::1:role/r", None),
            region: Some("eu-west-1".to_owned()),
            why: "AccessDenied".to_owned(),
            advice: "allow it".to_owned(),
        };
        assert_eq!(trouble.to_string(), "by arn:aws:iam::1:role/r, in eu-west-1: AccessDenied: allow it");
        let own = Trouble { account: None, region: None, ..trouble };
        assert_eq!(own.to_string(), "by our own credentials: AccessDenied: allow it");
    }
}
