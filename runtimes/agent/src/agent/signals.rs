//! Signals to the agent, and what it tells systemd: SIGTERM and SIGINT end it, SIGHUP reloads, and a watchdog hears
//! that it is alive.

use std::io;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::signal::unix::{Signal as Unix, SignalKind, signal};
use tokio::time::{Interval, MissedTickBehavior, interval};

/// A watchdog is told that we live this many times in its period.
const WATCHDOG_SHARE: u32 = 3;

/// What somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// An end.
    Stop,
    /// The configuration read again.
    Reload,
}

/// The signals that are heard.
pub(super) struct Signals {
    interrupt: Unix,
    terminate: Unix,
    hangup: Unix,
    watchdog: Option<Interval>,
}

impl Signals {
    /// Listens from now on.
    pub(super) fn listen() -> io::Result<Signals> {
        let watchdog = sd_notify::watchdog_enabled().map(|period: Duration| {
            let mut ticks = interval(period / WATCHDOG_SHARE);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        });
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            watchdog,
        })
    }

    /// Waits for the next signal. While it waits, the watchdog is told that the loop turns.
    pub(super) async fn next(&mut self) -> Signal {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => return Signal::Stop,
                _ = self.terminate.recv() => return Signal::Stop,
                _ = self.hangup.recv() => {
                    tell(&[NotifyState::Reloading]);
                    return Signal::Reload;
                }
                () = tick(&mut self.watchdog) => tell(&[NotifyState::Watchdog]),
            }
        }
    }
}

async fn tick(watchdog: &mut Option<Interval>) {
    match watchdog {
        Some(ticks) => drop(ticks.tick().await),
        None => std::future::pending().await,
    }
}

/// Tells systemd, if it started us, that polls have begun.
pub(super) fn tell_ready() {
    tell(&[NotifyState::Ready]);
}

/// Tells systemd that the end has begun.
pub(super) fn tell_stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(states: &[NotifyState<'_>]) {
    // Where nobody listens there is nothing to tell.
    let _unheard = sd_notify::notify(states);
}
