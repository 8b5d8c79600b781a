//! One server with all that it takes to poll it and to have sent what is found: how it is reached, whose wishes count, who
//! gets what. When it is polled is left to a runtime.

use std::sync::Arc;
use std::time::Duration;

use pgquerylens_aws::outside::Observer;
use pgquerylens_delivery::exporter::Exporter;
use pgquerylens_delivery::recipients::Recipients;
use pgquerylens_engine::conninfo::{Environment, Host, Target, resolve};
use pgquerylens_engine::poll::{PollFailure, PollOptions, Poller};
use pgquerylens_engine::source::Source;
use pgquerylens_engine::source::live::{Interrupter, Live, Progress};
use pgquerylens_engine::state::control::{Control, ControlError, Watched};
use pgquerylens_export::origin::Origin;
use pgquerylens_model::report::PollReport;
use pgquerylens_model::running::SeriesRules;
use pgquerylens_model::time::Timestamp;
use pgquerylens_store::store::Store;

use crate::config::configuration::ServerConfig;
use crate::config::secret_source::{SecretAccess, SecretSource};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::whereabouts::Whereabouts;

/// What surrounds all servers of a process.
#[derive(Clone)]
pub struct Surroundings {
    /// The environment that connections are resolved by.
    pub environment: Environment,
    /// What secrets are read with, shared so that a role is assumed once.
    pub secrets: SecretAccess,
    /// The name of this machine.
    pub hostname: Option<String>,
    /// Attributes of every resource that is exported.
    pub resource: Whereabouts,
}

/// What one server's polls need.
pub struct Polls {
    /// Read before a login, unless it is asked for during one.
    password: Option<SecretSource>,
    secrets: SecretAccess,
    poller: Result<Poller<Live, Arc<Store>>, Failure>,
    interrupter: Interrupter,
    progress: Progress,
    /// Who looks at the server from outside while it is polled.
    outside: Option<Observer>,
    recipients: Recipients<Arc<Store>>,
    /// Where an operator's wishes lie, those for all servers and those for this one, with what they were.
    wishes: Vec<(Arc<Store>, Watched)>,
}

/// What an operator wants of a server.
#[derive(Debug)]
pub struct Wanted {
    /// All of it together.
    pub control: Control,
    /// Why some of it could not be read: what was wanted before holds then.
    pub unread: Vec<ControlError>,
}

impl Polls {
    /// Makes them by a configuration. `root` is where wishes for all servers lie, `store` where those for this one and
    /// its state do. A connection that makes no sense is told by the first poll.
    pub fn new(
        config: &ServerConfig,
        series: Option<SeriesRules>,
        exporters: &[Arc<Exporter>],
        root: Option<&Arc<Store>>,
        store: &Arc<Store>,
        surroundings: &Surroundings,
    ) -> Polls {
        let sessions = &surroundings.secrets.sessions;
        let text = config.connection.as_ref().map(|connection| connection.expose());
        let target = resolve(text, &surroundings.environment).map_err(Failure::from);
        let origin = origin(config, target.as_ref().ok(), surroundings);
        let recipients = Recipients::new(origin, exporters, store);
        let (mut interrupter, mut progress) = (Interrupter::default(), Progress::default());
        let poller = target.map(|target| {
            let mut live = config.login.live(target, config.poll.limits.clone(), sessions);
            if let Some(SecretSource::Aws(secrets)) = &config.password {
                live.set_passwords(secrets.clone().passwords(sessions.clone()));
            }
            (interrupter, progress) = (live.interrupter(), live.progress());
            let options = PollOptions { series, ..config.poll.clone() };
            Poller::new(live, Arc::clone(store), config.address.clone(), options)
        });
        let places = root.into_iter().chain([store]);
        Polls {
            password: config.password.clone().filter(|source| !matches!(source, SecretSource::Aws(_))),
            secrets: surroundings.secrets.clone(),
            poller,
            interrupter,
            progress,
            outside: config.observed.clone().map(|observed| Observer::new(observed, sessions.clone())),
            recipients,
            wishes: places.map(|place| (Arc::clone(place), Watched::default())).collect(),
        }
    }

    /// Looks at what an operator wants, and goes by it from now on.
    pub async fn wanted(&mut self) -> Wanted {
        let mut wanted = Wanted { control: Control::default(), unread: Vec::new() };
        for (store, watched) in &mut self.wishes {
            wanted.unread.extend(watched.look(store).await.err());
            wanted.control = wanted.control.and(watched.control().clone());
        }
        self.recipients.switch_off(&wanted.control.exporters_off);
        if let Ok(poller) = &mut self.poller {
            poller.set_views_off(wanted.control.views_off.clone());
        }
        wanted
    }

    /// Reads the password, if a login is due and it has to be read for that.
    pub async fn prepare(&mut self) -> Result<(), Failure> {
        let poller = self.poller.as_mut().map_err(|failure| failure.clone())?;
        let Some(source) = self.password.as_ref().filter(|_| !poller.source().is_open()) else {
            return Ok(());
        };
        let secret = source.resolve(&self.secrets).await.map_err(|error| {
            Failure::of(Exit::Configuration, &error, "mend what the password is read from")
        })?;
        poller.source_mut().set_password(secret);
        Ok(())
    }

    /// Polls once, delivers and commits; prepared before.
    pub async fn poll(&mut self, now: Timestamp) -> Result<PollReport, NotPolled> {
        let poller = self.poller.as_mut().map_err(|failure| NotPolled::Unset(failure.clone()))?;
        poller.poll_for(&mut self.recipients, &mut self.outside, Some(now)).await.map_err(NotPolled::Failed)
    }

    /// Bounds the polls from now on by what is left of the time of whoever runs us.
    pub fn set_deadline(&mut self, deadline: Duration) {
        if let Ok(poller) = &mut self.poller {
            poller.set_deadline(deadline);
        }
    }

    /// Lets no poll come sooner after the last one.
    pub fn set_least_pause(&mut self, pause: Duration) {
        if let Ok(poller) = &mut self.poller {
            poller.set_least_pause(pause);
        }
    }

    /// Gives the connection up; the next poll looks whether another process has polled meanwhile.
    pub fn part(&mut self) {
        if let Ok(poller) = &mut self.poller {
            poller.part();
        }
    }

    /// Returns what asks the server to stop what it does for us.
    pub fn interrupter(&self) -> &Interrupter {
        &self.interrupter
    }

    /// Returns what tells how much a poll has got so far.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Returns who gets what is found.
    pub fn recipients(&mut self) -> &mut Recipients<Arc<Store>> {
        &mut self.recipients
    }
}

/// Why a poll found nothing.
#[derive(Debug)]
pub enum NotPolled {
    /// How we were told to reach the server makes no sense.
    Unset(Failure),
    /// It was tried in vain, or the server rests.
    Failed(PollFailure),
}

fn origin(config: &ServerConfig, target: Option<&Target>, surroundings: &Surroundings) -> Origin {
    let (address, port) = match target.and_then(|target| target.hosts.first()) {
        Some(Host::Tcp { host, port, .. }) => (host.clone(), *port),
        Some(Host::Unix { directory, port }) => (directory.display().to_string(), *port),
        None => (config.address.clone(), 0),
    };
    Origin {
        name: config.name.clone(),
        address,
        port,
        cluster: config.cluster.clone(),
        labels: config.labels.clone().into_iter().collect(),
        resource: surroundings.resource.clone().into_iter().collect(),
        hostname: surroundings.hostname.clone(),
    }
}
