//! Sorts what RDS listed: into servers that are to be polled, with what their clusters and tags say of them, and those that
//! are not, with why.

use std::collections::BTreeMap;

use aws_sdk_rds::types::{DbCluster, DbInstance, Tag};

use super::found::{Found, Omitted, Remark};
use super::left_out::{self, LeftOut};
use super::listing::Listing;
use super::overrides::{self, Overrides};
use super::search::{Login, Search};
use super::{DiscoveredServer, Role};
use crate::instance::{AURORA, monitoring_interval};
use crate::session::Account;

/// What the mode of a cluster of Aurora Serverless v1 is called; of v2 it is `provisioned`.
const SERVERLESS_V1: &str = "serverless";
/// How many sources a replica of a replica is followed along; RDS allows fewer.
const MAX_SOURCES: usize = 8;

const PAUSES: &str = "it pauses while nobody is connected, from which polls keep it: tag it with pgquerylens:enabled=false, or \
     poll it seldom by pgquerylens:interval";

type Tags = BTreeMap<String, String>;

/// Sorts what there is in a region of an account.
pub(super) fn sort_out(listing: &Listing, search: &Search, account: Option<&Account>) -> Found {
    let mut found = Found::default();
    for instance in &listing.instances {
        let engine = instance.engine().unwrap_or_default();
        if !search.wants_engine(engine) {
            *found.other_engines.entry(engine.to_owned()).or_default() += 1;
            continue;
        }
        sort_instance(&Seen::of(instance, listing), search, account, &mut found);
    }
    for cluster in &listing.clusters {
        if search.wants_engine(cluster.engine().unwrap_or_default()) && !has_instances(cluster, listing) {
            found.left_out.push(omitted_cluster(cluster, search));
        }
    }
    found
}

/// An instance, and what else is known of it.
struct Seen<'l> {
    instance: &'l DbInstance,
    cluster: Option<&'l DbCluster>,
    tags: Tags,
    /// What it and its replicas form together.
    group: Option<String>,
}

impl<'l> Seen<'l> {
    fn of(instance: &'l DbInstance, listing: &'l Listing) -> Seen<'l> {
        let cluster = instance.db_cluster_identifier();
        let by_name =
            |name| listing.clusters.iter().find(|known| known.db_cluster_identifier() == Some(name));
        let of_cluster = cluster.and_then(by_name);
        let mut tags = tags(of_cluster.map_or(&[][..], |cluster| cluster.tag_list()));
        tags.extend(self::tags(instance.tag_list()));
        let group = cluster.map(str::to_owned).or_else(|| source(instance, listing));
        Seen { instance, cluster: of_cluster, tags, group }
    }

    fn identifier(&self) -> &str {
        self.instance.db_instance_identifier().unwrap_or_default()
    }

    fn arn(&self) -> &str {
        self.instance.db_instance_arn().unwrap_or_default()
    }

    fn is_aurora(&self) -> bool {
        self.instance.engine() == Some(AURORA)
    }

    /// Of Aurora the cluster tells; an instance may be behind.
    fn takes_tokens(&self) -> bool {
        let of_cluster = self.cluster.filter(|_| self.is_aurora());
        let said = of_cluster.map_or(self.instance.iam_database_authentication_enabled(), |cluster| {
            cluster.iam_database_authentication_enabled()
        });
        said == Some(true)
    }

    fn resource_id(&self) -> &str {
        let of_cluster = self.cluster.filter(|_| self.is_aurora());
        let id =
            of_cluster.map_or(self.instance.dbi_resource_id(), |cluster| cluster.db_cluster_resource_id());
        id.unwrap_or_default()
    }

    fn role(&self) -> Role {
        let members = self.cluster.map(|cluster| cluster.db_cluster_members()).unwrap_or_default();
        let member = members.iter().find(|member| member.db_instance_identifier() == Some(self.identifier()));
        let is_writer = match member {
            Some(member) => member.is_cluster_writer() == Some(true),
            None => self.instance.read_replica_source_db_instance_identifier().is_none(),
        };
        if is_writer { Role::Writer } else { Role::Reader }
    }

    /// Polls are activity, and one that pauses for the lack of it would never again.
    fn would_pause(&self) -> bool {
        let scaling = self.cluster.and_then(|cluster| cluster.serverless_v2_scaling_configuration());
        scaling.and_then(|scaling| scaling.min_capacity()) == Some(0.0)
            && self.instance.db_instance_class() == Some("db.serverless")
    }
}

fn sort_instance(seen: &Seen<'_>, search: &Search, account: Option<&Account>, found: &mut Found) {
    let (overrides, amiss) = overrides::read(&seen.tags);
    let names = [Some(seen.identifier()), seen.instance.db_cluster_identifier()];
    let why = unwanted(&names, &seen.tags, &overrides, search);
    let is_wanted = why.is_none();
    let server = match why.or_else(|| unusable(seen, search)) {
        Some(why) => Err(why),
        None => server(seen, overrides, search, account).ok_or(LeftOut::NoEndpoint),
    };
    let (identifier, arn) = (seen.identifier().to_owned(), seen.arn().to_owned());
    let pauses = server.is_ok() && seen.would_pause();
    match server {
        Ok(server) => found.servers.push(server),
        Err(why) => found.left_out.push(Omitted { identifier: identifier.clone(), arn: arn.clone(), why }),
    }
    let amiss = amiss.into_iter().map(|(tag, instead)| (format!("the tag {tag}"), instead));
    let amiss =
        amiss.chain(pauses.then(|| ("its minimum of 0 capacity units".to_owned(), PAUSES.to_owned())));
    // Who leaves it out on purpose needs not hear of its tags.
    let amiss = amiss.filter(|_| is_wanted);
    found.remarks.extend(amiss.map(|(about, advice)| Remark {
        identifier: identifier.clone(),
        arn: arn.clone(),
        about,
        advice,
    }));
}

/// Tells why nobody wants it polled: the rules of the search, then its own tag.
fn unwanted(names: &[Option<&str>], tags: &Tags, overrides: &Overrides, search: &Search) -> Option<LeftOut> {
    let fits = |pattern: &super::Pattern| names.iter().flatten().any(|name| pattern.fits_name(name));
    if let Some(pattern) = search.exclude.iter().find(|pattern| fits(pattern)) {
        return Some(LeftOut::Excluded(pattern.to_string()));
    }
    if !search.include.is_empty() && !search.include.iter().any(fits) {
        return Some(LeftOut::NotIncluded);
    }
    let has = |rule: &&super::TagRule| {
        let value = tags.get(&rule.key);
        value.is_some_and(|value| rule.value.as_ref().is_none_or(|pattern| pattern.fits_value(value)))
    };
    if let Some(rule) = search.tags.iter().find(|rule| !has(rule)) {
        return Some(LeftOut::Untagged(rule.to_string()));
    }
    (!overrides.enabled).then_some(LeftOut::Disabled)
}

/// Tells why it cannot be polled, though it is wanted.
fn unusable(seen: &Seen<'_>, search: &Search) -> Option<LeftOut> {
    let by_status = seen.instance.db_instance_status().and_then(left_out::by_status);
    by_status.or_else(|| {
        let in_cluster = seen.is_aurora();
        let of_cluster = seen.instance.db_cluster_identifier().filter(|_| in_cluster);
        let identifier = of_cluster.unwrap_or_else(|| seen.identifier()).to_owned();
        let is_off = search.login == Login::RdsIam && !seen.takes_tokens();
        is_off.then_some(LeftOut::IamOff { in_cluster, identifier })
    })
}

/// Returns the server; nothing of one without an address.
fn server(
    seen: &Seen<'_>,
    overrides: Overrides,
    search: &Search,
    account: Option<&Account>,
) -> Option<DiscoveredServer> {
    let instance = seen.instance;
    let endpoint = instance.endpoint()?;
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let (region, account_id) = region_and_account(seen.arn());
    Some(DiscoveredServer {
        name: seen.identifier().to_owned(),
        identifier: seen.identifier().to_owned(),
        arn: seen.arn().to_owned(),
        account_id: account_id.to_owned(),
        account: account.cloned(),
        region: region.to_owned(),
        host: endpoint.address()?.to_owned(),
        port: u16::try_from(endpoint.port()?).ok()?,
        engine: text(instance.engine()),
        engine_version: text(instance.engine_version()),
        resource_id: seen.resource_id().to_owned(),
        cluster: seen.group.clone(),
        role: seen.role(),
        instance_class: text(instance.db_instance_class()),
        availability_zone: instance.availability_zone().map(str::to_owned),
        iam_enabled: seen.takes_tokens(),
        performance_insights: instance.performance_insights_enabled() == Some(true),
        monitoring_interval_seconds: monitoring_interval(instance),
        log_exports: instance.enabled_cloudwatch_logs_exports().to_vec(),
        tags: seen.tags.clone(),
        login: search.login,
        user: overrides.user.unwrap_or_else(|| search.user.clone()),
        database: overrides.database.unwrap_or_else(|| search.database.clone()),
        options: overrides.options,
    })
}

fn has_instances(cluster: &DbCluster, listing: &Listing) -> bool {
    let name = cluster.db_cluster_identifier();
    listing.instances.iter().any(|instance| instance.db_cluster_identifier() == name)
}

fn omitted_cluster(cluster: &DbCluster, search: &Search) -> Omitted {
    let identifier = cluster.db_cluster_identifier().unwrap_or_default();
    let tags = tags(cluster.tag_list());
    let (overrides, _) = overrides::read(&tags);
    let is_v1 = cluster.engine_mode() == Some(SERVERLESS_V1);
    let empty = if is_v1 { LeftOut::ServerlessV1 } else { LeftOut::NoInstances };
    Omitted {
        identifier: identifier.to_owned(),
        arn: cluster.db_cluster_arn().unwrap_or_default().to_owned(),
        why: unwanted(&[Some(identifier)], &tags, &overrides, search).unwrap_or(empty),
    }
}

/// Returns the instance that a replica comes from in the end, or that has replicas itself.
fn source(instance: &DbInstance, listing: &Listing) -> Option<String> {
    let mut source = instance.read_replica_source_db_instance_identifier();
    if source.is_none() {
        let has_replicas = !instance.read_replica_db_instance_identifiers().is_empty();
        return instance.db_instance_identifier().filter(|_| has_replicas).map(str::to_owned);
    }
    for _ in 0..MAX_SOURCES {
        let known =
            |name| listing.instances.iter().find(|known| known.db_instance_identifier() == Some(name));
        match source.and_then(known).and_then(DbInstance::read_replica_source_db_instance_identifier) {
            Some(before) => source = Some(before),
            None => break,
        }
    }
    // Of another region it is an ARN, whose last part is the identifier.
    source.map(|source| source.rsplit(':').next().unwrap_or(source).to_owned())
}

fn tags(list: &[Tag]) -> Tags {
    let pair = |tag: &Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
    list.iter().filter_map(pair).collect()
}

/// Returns the fourth and fifth part of an ARN.
fn region_and_account(arn: &str) -> (&str, &str) {
    let mut parts = arn.split(':').skip(3);
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use aws_sdk_rds::types::builders::{DbClusterBuilder, DbInstanceBuilder};
    use aws_sdk_rds::types::{DbClusterMember, Endpoint, ServerlessV2ScalingConfigurationInfo};

    use super::super::TagRule;
    use super::*;

    fn instance(name: &str) -> DbInstanceBuilder {
        let endpoint =
            Endpoint::builder().address(format!("{name}.abc123.eu-west-1.rds.amazonaws.com")).port(5432);
        DbInstance::builder()
            .db_instance_identifier(name)
            .db_instance_arn(format!("arn:aws:rds:eu-west-1:123456789012:db:{name}"))
            .engine("postgres")
            .db_instance_status("available")
            .dbi_resource_id("db-ABC")
            .iam_database_authentication_enabled(true)
            .endpoint(endpoint.build())
    }

    fn of_cluster(name: &str, cluster: &str) -> DbInstanceBuilder {
        instance(name).engine(AURORA).db_cluster_identifier(cluster)
    }

    /// A cluster of which the first instance writes.
    fn cluster(name: &str, members: &[&str]) -> DbClusterBuilder {
        let member = |(at, name): (usize, &&str)| {
            DbClusterMember::builder().db_instance_identifier(*name).is_cluster_writer(at == 0).build()
        };
        DbCluster::builder()
            .db_cluster_identifier(name)
            .db_cluster_arn(format!("arn:aws:rds:eu-west-1:123456789012:cluster:{name}"))
            .engine(AURORA)
            .engine_mode("provisioned")
            .db_cluster_resource_id("cluster-ABC")
            .iam_database_authentication_enabled(true)
            .set_db_cluster_members(Some(members.iter().enumerate().map(member).collect()))
    }

    fn tag(key: &str, value: &str) -> Tag {
        Tag::builder().key(key).value(value).build()
    }

    fn patterns(texts: &[&str]) -> Vec<super::super::Pattern> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn sorted(search: &Search, instances: Vec<DbInstanceBuilder>, clusters: Vec<DbClusterBuilder>) -> Found {
        let instances = instances.into_iter().map(DbInstanceBuilder::build).collect();
        let clusters = clusters.into_iter().map(DbClusterBuilder::build).collect();
        sort_out(&Listing { instances, clusters }, search, None)
    }

    /// Sorts, and shows of each server what is expected of it.
    fn check(
        search: &Search,
        instances: Vec<DbInstanceBuilder>,
        clusters: Vec<DbClusterBuilder>,
        found: &[&str],
        left_out: &[(&str, LeftOut)],
    ) {
        let sorted = sorted(search, instances, clusters);
        let of_server = |server: &DiscoveredServer| {
            let DiscoveredServer { name, role, resource_id, .. } = server;
            format!("{name} {role} {resource_id} {}", server.cluster.as_deref().unwrap_or("-"))
        };
        assert_eq!(sorted.servers.iter().map(of_server).collect::<Vec<_>>(), found);
        let of_omitted = |omitted: &Omitted| (omitted.identifier.clone(), omitted.why.clone());
        let left_out: Vec<_> = left_out.iter().map(|(name, why)| ((*name).to_owned(), why.clone())).collect();
        assert_eq!(sorted.left_out.iter().map(of_omitted).collect::<Vec<_>>(), left_out);
    }

    #[test]
    fn an_instance_of_aurora_has_its_role_login_and_resource_of_the_cluster() {
        let writer = of_cluster("shop-1", "shop").iam_database_authentication_enabled(false);
        let found = ["shop-1 writer cluster-ABC shop", "shop-2 reader cluster-ABC shop"];
        let members = cluster("shop", &["shop-1", "shop-2"]);
        check(&Search::default(), vec![writer, of_cluster("shop-2", "shop")], vec![members], &found, &[]);
    }

    #[test]
    fn the_instances_of_a_multi_az_cluster_have_resources_of_their_own() {
        let members = cluster("bank", &["bank-1", "bank-2"]).engine("postgres");
        let instances = ["bank-1", "bank-2"].map(|name| of_cluster(name, "bank").engine("postgres"));
        let found = ["bank-1 writer db-ABC bank", "bank-2 reader db-ABC bank"];
        check(&Search::default(), instances.into(), vec![members], &found, &[]);
    }

    #[test]
    fn an_instance_whose_cluster_came_or_went_meanwhile_is_found() {
        let orphan = of_cluster("shop-1", "shop");
        check(&Search::default(), vec![orphan], vec![], &["shop-1 writer db-ABC shop"], &[]);
    }

    #[test]
    fn replicas_and_their_source_are_one_cluster() {
        let source = instance("a").read_replica_db_instance_identifiers("b");
        let replica = instance("b").read_replica_source_db_instance_identifier("a");
        let second = instance("c").read_replica_source_db_instance_identifier("b");
        let afar = "arn:aws:rds:us-east-1:123456789012:db:far";
        let afar = instance("d").read_replica_source_db_instance_identifier(afar);
        let in_circles = ["e", "f"]
            .into_iter()
            .zip(["f", "e"])
            .map(|(name, source)| instance(name).read_replica_source_db_instance_identifier(source));
        let instances = [source, replica, second, afar, instance("g")].into_iter().chain(in_circles);
        let found = [
            "a writer db-ABC a",
            "b reader db-ABC a",
            "c reader db-ABC a",
            "d reader db-ABC far",
            "g writer db-ABC -",
            "e reader db-ABC f",
            "f reader db-ABC e",
        ];
        check(&Search::default(), instances.collect(), vec![], &found, &[]);
    }

    #[test]
    fn a_cluster_without_instances_says_which_kind() {
        let clusters = vec![cluster("old", &[]).engine_mode("serverless"), cluster("empty", &[])];
        let left_out = [("old", LeftOut::ServerlessV1), ("empty", LeftOut::NoInstances)];
        check(&Search::default(), vec![], clusters, &[], &left_out);
        let search = Search { exclude: patterns(&["old"]), ..Search::default() };
        let clusters =
            vec![cluster("old", &[]).engine_mode("serverless"), cluster("x", &[]).engine("aurora-mysql")];
        check(&search, vec![], clusters, &[], &[("old", LeftOut::Excluded("old".to_owned()))]);
    }

    #[test]
    fn names_are_the_instances_or_the_clusters_and_exclude_wins() {
        let search =
            Search { include: patterns(&["shop*", "b?"]), exclude: patterns(&["*-2"]), ..Search::default() };
        let members = cluster("Shop", &["one", "shop-2"]);
        let instances =
            vec![of_cluster("one", "Shop"), of_cluster("shop-2", "Shop"), instance("b1"), instance("c1")];
        let found = ["one writer cluster-ABC Shop", "b1 writer db-ABC -"];
        let left_out = [("shop-2", LeftOut::Excluded("*-2".to_owned())), ("c1", LeftOut::NotIncluded)];
        check(&search, instances, vec![members], &found, &left_out);
    }

    #[test]
    fn tags_are_the_clusters_and_ones_own() {
        let rule = |key: &str, value: Option<&str>| TagRule {
            key: key.to_owned(),
            value: value.map(|value| value.parse().unwrap()),
        };
        let search =
            Search { tags: vec![rule("team", None), rule("env", Some("prod*"))], ..Search::default() };
        let members =
            cluster("shop", &["shop-1", "shop-2"]).tag_list(tag("env", "prod.eu")).tag_list(tag("team", ""));
        let other = of_cluster("shop-2", "shop").tag_list(tag("env", "test"));
        let untagged = |rule: &str| LeftOut::Untagged(rule.to_owned());
        let left_out = [("shop-2", untagged("env=prod*")), ("a", untagged("team"))];
        let instances = vec![of_cluster("shop-1", "shop"), other, instance("a").tag_list(tag("env", "prod"))];
        check(&search, instances, vec![members], &["shop-1 writer cluster-ABC shop"], &left_out);
    }

    #[test]
    fn what_cannot_be_polled_says_why_the_owners_word_first() {
        let stopped = LeftOut::NotRunning("stopped".to_owned());
        let off = |in_cluster, name: &str| LeftOut::IamOff { in_cluster, identifier: name.to_owned() };
        let without_iam = |name: &str| instance(name).iam_database_authentication_enabled(false);
        let instances = || {
            vec![
                instance("a").db_instance_status("stopped"),
                without_iam("b"),
                of_cluster("c", "shop"),
                instance("d").set_endpoint(None),
                instance("e").tag_list(tag("pgquerylens:enabled", "false")).db_instance_status("stopped"),
                instance("f").db_instance_status("backing-up"),
            ]
        };
        let clusters = || vec![cluster("shop", &["c"]).iam_database_authentication_enabled(false)];
        let (ended, no_address) = (("a", stopped), ("d", LeftOut::NoEndpoint));
        let disabled = ("e", LeftOut::Disabled);
        let left_out = [
            ended.clone(),
            ("b", off(false, "b")),
            ("c", off(true, "shop")),
            no_address.clone(),
            disabled.clone(),
        ];
        check(&Search::default(), instances(), clusters(), &["f writer db-ABC -"], &left_out);
        let by_password = Search { login: Login::Password, ..Search::default() };
        let found = ["b writer db-ABC -", "c writer cluster-ABC shop", "f writer db-ABC -"];
        check(&by_password, instances(), clusters(), &found, &[ended, no_address, disabled]);
    }

    #[test]
    fn other_engines_are_counted() {
        let of_engine = |name, engine| instance(name).engine(engine);
        let search = Search { engines: vec![AURORA.to_owned()], ..Search::default() };
        let instances =
            vec![of_engine("a", "mysql"), of_engine("b", "docdb"), of_engine("c", "mysql"), instance("d")];
        let found = sorted(&search, instances, vec![]);
        assert_eq!((found.servers.len(), found.left_out.len()), (0, 0));
        let counted: Vec<_> =
            found.other_engines.iter().map(|(engine, count)| (engine.as_str(), *count)).collect();
        assert_eq!(counted, [("docdb", 1), ("mysql", 2), ("postgres", 1)]);
    }

    #[test]
    fn remarks_are_of_what_somebody_wants_polled() {
        let wrong = || tag("pgquerylens:top", "many");
        let search = Search { exclude: patterns(&["c"]), ..Search::default() };
        let instances = vec![
            instance("a").tag_list(wrong()),
            instance("b").tag_list(wrong()).db_instance_status("stopped"),
            instance("c").tag_list(wrong()),
        ];
        let found = sorted(&search, instances, vec![]);
        let remarks: Vec<_> =
            found.remarks.iter().map(|remark| (remark.identifier.as_str(), remark.about.as_str())).collect();
        assert_eq!(remarks, [("a", "the tag pgquerylens:top"), ("b", "the tag pgquerylens:top")]);
        assert_eq!(found.remarks[0].advice, "it is not a number from 1 to 1000000");
    }

    #[test]
    fn polls_would_keep_a_server_from_pausing_and_that_is_said() {
        let remarks = |minimum| {
            let scaling = ServerlessV2ScalingConfigurationInfo::builder().min_capacity(minimum).build();
            let members = cluster("shop", &["shop-1"]).serverless_v2_scaling_configuration(scaling);
            let serverless = of_cluster("shop-1", "shop").db_instance_class("db.serverless");
            sorted(&Search::default(), vec![serverless], vec![members]).remarks.len()
        };
        assert_eq!((remarks(0.0), remarks(0.5)), (1, 0));
    }
}
