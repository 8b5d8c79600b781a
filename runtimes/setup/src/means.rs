//! The means by which servers are polled: the exporters, and the place of the states. What did not change is kept from one
//! configuration to the next, with its connections.

use std::collections::BTreeMap;
use std::sync::Arc;

use pgquerylens_delivery::exporter::Exporter;
use pgquerylens_model::running::SeriesRules;
use pgquerylens_store::access::Access;
use pgquerylens_store::states::States;
use pgquerylens_store::url::StateUrl;

use crate::access;
use crate::config::configuration::{ExporterConfig, ServerConfig};
use crate::config::secret_source::SecretAccess;
use crate::exporters::{exporter, series_rules};
use crate::failure::Failure;

/// The exporters, and the place of the states.
#[derive(Clone)]
pub struct Means {
    secrets: SecretAccess,
    access: Access,
    /// Exporters by name, with what they were made of.
    exporters: BTreeMap<String, (ExporterConfig, Arc<Exporter>)>,
    /// All servers have their states at one place.
    states: Option<States>,
}

impl Means {
    /// Returns none yet.
    pub fn none(secrets: &SecretAccess) -> Means {
        Means {
            secrets: secrets.clone(),
            access: access::of(secrets),
            exporters: BTreeMap::new(),
            states: None,
        }
    }

    /// Finds out where the bucket of a URL is, as far as a profile or the machine tells that.
    pub async fn locate(&mut self, state: &StateUrl) {
        self.access = access::located(self.access.clone(), state, &self.secrets.sessions).await;
    }

    /// Returns those of a configuration. These stay as they are, for when it cannot be used.
    pub fn renewed(
        &self,
        exporters: Vec<ExporterConfig>,
        state: Option<&StateUrl>,
    ) -> Result<Means, Failure> {
        let exporters: Result<_, Failure> =
            exporters.into_iter().map(|config| self.exporter(config)).collect();
        let states = state.map(|url| self.states_at(url)).transpose()?;
        Ok(Means { exporters: exporters?, states, ..self.clone() })
    }

    fn exporter(&self, config: ExporterConfig) -> Result<(String, (ExporterConfig, Arc<Exporter>)), Failure> {
        let kept = self.exporters.get(config.name()).filter(|(old, _)| *old == config);
        let made = match kept {
            Some((_, exporter)) => Arc::clone(exporter),
            None => Arc::new(exporter(&config, &self.secrets)?),
        };
        Ok((config.name().to_owned(), (config, made)))
    }

    fn states_at(&self, url: &StateUrl) -> Result<States, Failure> {
        match self.states.as_ref().filter(|states| states.url() == url) {
            Some(states) => Ok(states.clone()),
            None => Ok(States::open(url, &self.access)?),
        }
    }

    /// Returns where the states are, once a configuration said it.
    pub fn states(&self) -> Option<&States> {
        self.states.as_ref()
    }

    /// Returns the exporters of a server.
    pub fn exporters_for(&self, server: &ServerConfig) -> Vec<Arc<Exporter>> {
        self.named(server).map(|(_, exporter)| Arc::clone(exporter)).collect()
    }

    /// Returns which of its statements get running sums.
    pub fn series_for(&self, server: &ServerConfig) -> Option<SeriesRules> {
        series_rules(self.named(server).map(|(config, _)| config))
    }

    fn named<'m>(
        &'m self,
        server: &'m ServerConfig,
    ) -> impl Iterator<Item = &'m (ExporterConfig, Arc<Exporter>)> {
        server.exporters.iter().filter_map(|name| self.exporters.get(name))
    }
}

/// Tells whether a server still has the exporters that it had, and no others.
pub fn are_same(before: &[Arc<Exporter>], now: &[Arc<Exporter>]) -> bool {
    before.len() == now.len() && before.iter().zip(now).all(|(one, other)| Arc::ptr_eq(one, other))
}
