//! What a poll costs the monitored server and its own machine, on a server with 5,000 statements and on one with
//! very long texts.

mod alone;
mod per_view;
mod rivals;
mod rounds;
mod stage;

use crate::Result;
use crate::arguments::Arguments;

pub(crate) async fn run(arguments: &Arguments) -> Result<bool> {
    let stage = stage::Stage::set(stage::ORDINARY).await?;
    eprintln!("stage set");
    let c = rounds::compare(&stage, arguments.pairs).await?;
    for (name, s) in [("floor", &c.floor), ("usual", &c.usual), ("statements", &c.statements), ("poll", &c.poll)] {
        println!("{name:12} {:?} ratio {:?} peak {:.1} received {} temp {}", s.cpu.spread(), s.cpu.over(&c.floor.cpu).spread(), s.peak.median()/1048576., s.received.median(), s.temporary);
    }
    let t = c.poll.turns.last().unwrap();
    println!("{t:?}\ncollector cpu {:?}", c.poll.of_turns(|t| t.collector_cpu).spread());
    for v in per_view::measure(&stage, 20).await? {
        println!("{:40} {:?} {:.3} {:.3}", v.view.name, v.view.cadence, v.cpu.median(), v.cpu.spread().high);
    }
    Ok(true)
}
