//! What AWS is asked about a server while it is polled: which instance it is, which sources the options name, and whether
//! its log is read.

use std::collections::BTreeSet;

use pgquerylens_aws::instance::{Host as Endpoint, Instance};
use pgquerylens_aws::metrics::LONGEST_PAUSE;
use pgquerylens_aws::outside::{Observed, Source};
use pgquerylens_aws::session::Account;
use pgquerylens_engine::conninfo::{Host, Target};

use super::layer::Layer;
use super::mistake::Mistake;
use crate::options::value::choice;

/// Returns what is asked; nothing of a server that is not at AWS, whatever is said for all.
pub(super) fn observed(
    layer: &Layer,
    target: &Target,
    account: Option<Account>,
    mistakes: &mut Vec<Mistake>,
) -> Option<Observed> {
    let sources = sources(layer, mistakes);
    let cloudwatch_pause = layer.duration("cloudwatch-pause");
    if let Some(setting) = layer.get("cloudwatch-pause").filter(|_| cloudwatch_pause > LONGEST_PAUSE) {
        let longest = LONGEST_PAUSE.as_secs() / 60;
        mistakes.push(setting.mistake(format!("minutes would be missing: write {longest}m or less")));
    }
    let reads_log = layer.flag("aws-logs");
    if sources.is_empty() && !reads_log {
        return None;
    }
    let instance = instance(layer, target, account, mistakes)?;
    Some(Observed { instance, sources, reads_log, cloudwatch_pause })
}

fn sources(layer: &Layer, mistakes: &mut Vec<Mistake>) -> Vec<Source> {
    let (Some(setting), Some(names)) = (layer.get("aws-metrics"), layer.texts("aws-metrics")) else {
        return Vec::new();
    };
    let words = Source::METRICS.map(Source::name);
    let mut sources = BTreeSet::new();
    for name in names {
        match choice(name, &words) {
            Ok(_) => sources.extend(Source::METRICS.into_iter().find(|source| source.name() == name)),
            Err(instead) => mistakes.push(setting.mistake(instead)),
        }
    }
    sources.into_iter().collect()
}

/// Finds out which instance a server is: by what is said of it, else by the name of its endpoint.
fn instance(
    layer: &Layer,
    target: &Target,
    account: Option<Account>,
    mistakes: &mut Vec<Mistake>,
) -> Option<Instance> {
    let endpoint = match target.hosts.as_slice() {
        [Host::Tcp { host, .. }] => Endpoint::of(host),
        _ => Endpoint::Unknown,
    };
    let said = layer.text("aws-instance");
    let (identifier, region) = match (endpoint, said) {
        (Endpoint::Instance { region, .. } | Endpoint::Several { region }, Some(said)) => {
            (said, Some(region))
        }
        (Endpoint::Instance { identifier, region }, None) => (identifier, Some(region)),
        (Endpoint::Unknown | Endpoint::Readers, Some(said)) => (said, None),
        // That is a mistake of the connection, told there.
        (Endpoint::Unknown | Endpoint::Readers, None) => return None,
        (Endpoint::Several { .. }, None) => {
            let what = "behind this endpoint may be one instance or another";
            let instead = "connect by the endpoint of an instance, or say which one it is by aws-instance";
            mistakes.push(match layer.get("aws-metrics").or_else(|| layer.get("aws-logs")) {
                Some(setting) => setting.mistake(format!("{what}: {instead}")),
                None => Mistake::outside(what, instead),
            });
            return None;
        }
    };
    Some(Instance {
        identifier: identifier.to_owned(),
        region: layer.text("aws-region").or(region).map(str::to_owned),
        account,
    })
}
