//! One server's way to one exporter.
//!
//! Before a poll commits, its batch is offered: sent at once if nothing waits, and kept in the outbox if no answer
//! comes within [`PATIENCE`]. After the commit the outbox is drained, the oldest first. An exporter in trouble is not
//! waited for at all until it has answered again.

use std::time::Duration;

use pgquerylens_engine::state::outbox::OutboxStore;
use pgquerylens_export::origin::Origin;
use pgquerylens_export::otlp::Counts;
use pgquerylens_model::delivery::{Delivery, DeliveryReport};
use pgquerylens_model::report::PollReport;
use tokio::time::Instant;

use crate::exporter::Exporter;
use crate::otlp::halves;
use crate::outbox::{Batch, Dropped, Outbox};
use crate::parcel::{Down, Parcel};

/// How long a poll waits for an exporter before it keeps the batch and commits.
pub const PATIENCE: Duration = Duration::from_secs(1);
/// The pause after a first failure; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause that we choose ourselves.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The family of what was sent with something that a receiver rejected without saying which.
const IN_PART: &str = "taken_in_part";

/// One server's way to one exporter.
#[derive(Debug)]
pub struct Lane<O> {
    exporter: std::sync::Arc<Exporter>,
    outbox: Outbox<O>,
    failures: u32,
    not_before: Option<Instant>,
    is_slow: bool,
    is_off: bool,
}

impl<O: OutboxStore> Lane<O> {
    /// Makes a lane; what an earlier process left in the outbox is found when it is first used.
    pub fn new(exporter: std::sync::Arc<Exporter>, store: O) -> Lane<O> {
        let outbox = Outbox::new(store, exporter.name(), exporter.outbox_bytes());
        Lane { exporter, outbox, failures: 0, not_before: None, is_slow: false, is_off: false }
    }

    /// Returns the name of the exporter.
    pub fn exporter_name(&self) -> &str {
        self.exporter.name()
    }

    /// Switches the lane off or on. While it is off it gets nothing, which is no trouble; what waits stays.
    pub fn set_off(&mut self, is_off: bool) {
        self.is_off = is_off;
    }

    /// Sends a poll's batch or keeps it, before the poll commits.
    pub async fn offer(&mut self, report: &PollReport, origin: &Origin) -> DeliveryReport {
        let mut account = self.account();
        note_dropped(&mut account, self.outbox.load().await);
        if self.is_off {
            return self.finish(account);
        }
        let parcels = self.exporter.encode(report, origin);
        let mut batch = Batch { window_id: report.window_id.clone(), parcels };
        if self.outbox.is_empty() && self.may_send() && !self.is_slow {
            self.send_within_patience(&mut batch, &mut account).await;
        }
        if !batch.parcels.is_empty() {
            note_dropped(&mut account, self.outbox.put(&batch).await);
        }
        if self.outbox.is_empty() {
            // Nothing will be drained that could show whether it is still slow.
            self.is_slow = false;
        }
        self.finish(account)
    }

    /// Sends what waits, the oldest first, until something has to wait longer or the time is over.
    pub async fn drain(&mut self, until: Instant) -> DeliveryReport {
        let mut account = self.account();
        note_dropped(&mut account, self.outbox.load().await);
        while self.may_send() && Instant::now() < until {
            let mut dropped = Dropped::default();
            let oldest = self.outbox.oldest(&mut dropped).await;
            note_dropped(&mut account, dropped);
            let Some(mut batch) = oldest else { break };
            let began = Instant::now();
            let is_changed = self.send(&mut batch, until, &mut account).await;
            self.is_slow = began.elapsed() > PATIENCE;
            if batch.parcels.is_empty() {
                self.outbox.remove_oldest().await;
            } else if is_changed {
                self.outbox.shorten_oldest(&batch).await;
            }
        }
        self.finish(account)
    }

    /// Says that the server was not read. What nobody takes now is not kept: the next poll says it again.
    pub async fn say_down(&mut self, down: &Down<'_>, origin: &Origin, until: Instant) -> DeliveryReport {
        let mut account = self.account();
        note_dropped(&mut account, self.outbox.load().await);
        // It must not overtake what is older: a receiver may refuse to go back in time.
        if self.may_send() && self.outbox.is_empty() {
            let mut batch =
                Batch { window_id: String::new(), parcels: self.exporter.encode_down(down, origin) };
            self.send(&mut batch, until, &mut account).await;
        }
        self.finish(account)
    }

    fn account(&self) -> DeliveryReport {
        DeliveryReport { exporter: self.exporter.name().to_owned(), ..DeliveryReport::default() }
    }

    fn finish(&self, account: DeliveryReport) -> DeliveryReport {
        DeliveryReport { outbox_entries: self.outbox.len(), outbox_bytes: self.outbox.bytes(), ..account }
    }

    fn may_send(&self) -> bool {
        !self.is_off && self.not_before.is_none_or(|moment| moment <= Instant::now())
    }

    /// A send that is broken off may have arrived: what is sent again is the same.
    async fn send_within_patience(&mut self, batch: &mut Batch, account: &mut DeliveryReport) {
        let until = Instant::now() + PATIENCE;
        self.send(batch, until, account).await;
        if !batch.parcels.is_empty() && Instant::now() >= until {
            self.is_slow = true;
            account.trouble = Some(format!("no answer within {} s; the batch is kept", PATIENCE.as_secs()));
        }
    }

    /// Sends parcels in order; those that were answered leave the batch, and halves take the place of one that is too
    /// large. Tells whether the batch is another one now.
    async fn send(&mut self, batch: &mut Batch, until: Instant, account: &mut DeliveryReport) -> bool {
        let mut is_changed = false;
        while let Some(parcel) = batch.parcels.first() {
            let delivery = self.exporter.send(parcel, until).await;
            if let Delivery::TooLarge { why } = &delivery
                && let Some(halves) = halves(parcel)
            {
                account.trouble =
                    Some(format!("{why}: sent again in halves, which a smaller batch-bytes would save"));
                batch.parcels.splice(..1, halves);
                is_changed = true;
                continue;
            }
            note(account, parcel, &delivery);
            if let Delivery::Retry { after, .. } = delivery {
                self.failures = self.failures.saturating_add(1);
                // Who asks for no pause at all would be asked again without end.
                let pause = after.map_or_else(|| pause(self.failures), |after| after.max(FIRST_PAUSE));
                self.not_before = Some(Instant::now() + pause);
                return is_changed;
            }
            self.failures = 0;
            self.not_before = None;
            batch.parcels.remove(0);
            is_changed = true;
        }
        is_changed
    }
}

fn pause(failures: u32) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(16));
    doubled.min(LONGEST_PAUSE)
}

fn note(account: &mut DeliveryReport, parcel: &Parcel, delivery: &Delivery) {
    let mut add = |counts: &Counts, is_taken: bool| {
        for (family, count) in counts {
            let of_family = account.families.entry(family.clone()).or_default();
            if is_taken {
                of_family.accepted += count;
            } else {
                of_family.rejected += count;
            }
        }
    };
    match delivery {
        Delivery::Accepted => add(&parcel.counts, true),
        Delivery::Partial { rejected, why } => {
            // It does not say of which family those are that it rejected, and can say any number.
            let sent: u64 = parcel.counts.values().sum();
            let rejected = sent.min(*rejected);
            let count = account.families.entry(IN_PART.to_owned()).or_default();
            count.rejected += rejected;
            count.accepted += sent - rejected;
            account.trouble = Some(format!("{rejected} rejected: {why}"));
        }
        Delivery::TooLarge { why } | Delivery::Refused { why } => {
            add(&parcel.counts, false);
            account.trouble = Some(why.clone());
        }
        Delivery::Retry { why, .. } => account.trouble = Some(why.clone()),
    }
}

fn note_dropped(account: &mut DeliveryReport, dropped: Dropped) {
    for (family, count) in dropped.counts.into_iter().flatten() {
        account.families.entry(family).or_default().dropped += count;
    }
    if dropped.why.is_some() {
        account.trouble = dropped.why;
    }
}

#[cfg(test)]
mod tests;
