//! What a month of a poll a minute costs at AWS, computed from what a poll took here: list prices of us-east-1 in US dollars, as
//! AWS's price pages show them (aws.amazon.com/lambda/pricing and its neighbours), without the free tier.

use crate::lines::Line;

const HOURS: f64 = 730.0;
const POLLS: f64 = HOURS * 60.0;
/// The memory that the module gives a function, in MiB.
const MEMORY_MIB: f64 = 256.0;
/// With this much memory a function has one whole CPU, and with less its share ("Configure Lambda function memory").
const MIB_OF_A_CPU: f64 = 1_769.0;
/// Lambda, x86: a GB-second, and an invocation.
const GB_SECOND: f64 = 0.000_016_666_7;
const INVOCATION: f64 = 0.20 / 1e6;
/// EventBridge Scheduler: an invocation.
const TICK: f64 = 1.00 / 1e6;
/// S3 Standard: a write, and a read.
const WRITE: f64 = 0.005 / 1e3;
const READ: f64 = 0.000_4 / 1e3;
/// CloudWatch: a GB of logs taken in, and an alarm.
const LOG_GB: f64 = 0.50;
const ALARM: f64 = 0.10;
const ALARMS: f64 = 5.0;
/// What stands beside it, an hour: a t4g.nano, an interface endpoint in one zone, a NAT gateway.
const SMALL_INSTANCE: f64 = 0.004_2;
const ENDPOINT: f64 = 0.01;
const NAT_GATEWAY: f64 = 0.045;

/// What one warm poll took.
pub(super) struct Poll {
    /// From the event to the answer, in milliseconds.
    pub(super) wall_ms: f64,
    pub(super) cpu_ms: f64,
    pub(super) writes: f64,
    pub(super) reads: f64,
    pub(super) log_bytes: f64,
}

impl Poll {
    /// What is billed: it waits as long as here, and computes with its share of a CPU.
    fn billed_ms(&self) -> f64 {
        let waiting = (self.wall_ms - self.cpu_ms).max(0.0);
        (waiting + self.cpu_ms * MIB_OF_A_CPU / MEMORY_MIB).ceil()
    }
}

/// Returns the lines of the table.
pub(super) fn lines(poll: &Poll) -> Vec<Line> {
    let billed = poll.billed_ms();
    let parts = [
        ("    Lambda", POLLS * (billed / 1e3 * MEMORY_MIB / 1_024.0 * GB_SECOND + INVOCATION)),
        ("    its schedule", POLLS * TICK),
        ("    requests to S3", POLLS * (poll.writes * WRITE + poll.reads * READ)),
        ("    its log", POLLS * poll.log_bytes / 1e9 * LOG_GB),
        ("    its five alarms", ALARMS * ALARM),
    ];
    let sum: f64 = parts.iter().map(|(_, dollars)| dollars).sum();
    let dollars = |dollars: f64| format!("${dollars:.2}");
    let beside = [
        ("  a t4g.nano that is always on, in its place", SMALL_INSTANCE * HOURS),
        ("  an interface endpoint, where a VPC has no way out, for each zone", ENDPOINT * HOURS),
        ("  a NAT gateway in its place, and what passes through", NAT_GATEWAY * HOURS),
    ];
    let billed = Line::new("  billed for it with 256 MiB, computed", format!("{billed:.0} ms"));
    let whole = Line::new("a server, a month of a poll a minute, computed", dollars(sum));
    let figures = parts.into_iter().chain(beside).map(|(name, figure)| Line::new(name, dollars(figure)));
    [billed, whole].into_iter().chain(figures).collect()
}
