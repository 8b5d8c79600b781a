//! What a poll costs the monitored server and its own machine, on a server with 5,000 statements and on one with
//! very long texts.

mod alone;
mod cold;
mod flat;
mod hour;
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
    for (name, s) in
        [("floor", &c.floor), ("usual", &c.usual), ("statements", &c.statements), ("poll", &c.poll)]
    {
        println!(
            "{name:12} {:?} ratio {:?} peak {:.1} received {} temp {}",
            s.cpu.spread(),
            s.cpu.over(&c.floor.cpu).spread(),
            s.peak.median() / 1048576.,
            s.received.median(),
            s.temporary
        );
    }
    let t = c.poll.turns.last().unwrap();
    println!("{t:?}\ncollector cpu {:?}", c.poll.of_turns(|t| t.collector_cpu).spread());
    let h = hour::run(&stage).await?;
    println!(
        "hour {:.2} mean {:.1} floor {:.1} text {} slow {} coll {:.1} temp {}",
        h.ratio(),
        h.cpu.mean(),
        h.floor.mean(),
        h.text_readings(),
        h.slow_polls(),
        h.collector_cpu(),
        h.temporary
    );
    for (i, t) in h.turns.iter().enumerate() {
        print!(
            "{i}:{}/{}/{:.0}/{:.0} ",
            t.text_readings,
            t.slow_views,
            t.collector_cpu as f64 / 1e6,
            t.collector_peak as f64 / 1048576.
        );
    }
    println!();
    let c = cold::polls(&stage, 10).await?;
    println!("cold {:?} ratio {:?} {:?}", c.cpu.spread(), c.cpu.over(&c.floor).spread(), c.turns.last());
    let c = cold::visits(&stage).await?;
    println!(
        "visits {} {:?} ratio {:?} {:?}",
        c.cpu.len(),
        c.cpu.spread(),
        c.cpu.over(&c.floor).spread(),
        c.turns.last()
    );
    let f = flat::run(&stage, arguments.polls).await?;
    for a in [&f.early, &f.late] {
        println!(
            "server {:?} collector {:?} resident {:?} backend {:?}",
            a.server.spread(),
            a.collector.spread(),
            a.resident.spread(),
            a.backend.spread()
        );
    }
    for v in per_view::measure(&stage, 20).await? {
        println!("{:40} {:?} {:.3} {:.3}", v.view.name, v.view.cadence, v.cpu.median(), v.cpu.spread().high);
    }
    Ok(true)
}
