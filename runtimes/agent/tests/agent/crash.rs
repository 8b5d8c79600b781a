//! Killed between delivery and commit, over and over under load: the sums at the receiver are never above the truth,
//! and are the truth at the end.

use pgquerylens_sandbox::receiver::{Behaviour, Receiver};
use tokio::sync::watch;

use crate::process::Agent;
use crate::stage::{file, is_sound, planted, until};

/// How often the agent is killed at the usual scale.
const KILLS: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_is_killed_after_each_delivery_counts_nothing_twice() {
    let (planted, receiver) = (planted().await, Receiver::start().await.unwrap());
    let url = planted.url();
    let mut agent = Agent::new(&file("state: file:STATE", "every: 1s", &[("a", &url)], &receiver));
    // The truth is looked at after the account: what began in between can only make it larger.
    let is_at_most_the_truth = || {
        let account = receiver.account();
        let truth = planted.begun();
        let told = [account.calls("a", planted.queryid), account.calls_of_events(planted.queryid)];
        assert!(told.iter().all(|told| *told <= truth), "{told:?} of {truth}");
    };
    agent.start();
    until(&mut agent, "the first poll arrived", |_| receiver.requests().len() > 1).await;
    let (stop, stopped) = watch::channel(false);
    let load = planted.keep_executing(&stopped);
    for kill in 0..KILLS * pgquerylens_sandbox::scale() as usize {
        // The message is taken and no answer comes: until the agent's patience is over, nothing is committed.
        let before = receiver.requests().len();
        receiver.behave(Behaviour::TakeAndHang);
        until(&mut agent, "a delivery hangs", |_| receiver.requests().len() > before).await;
        agent.kill();
        is_at_most_the_truth();
        receiver.behave(Behaviour::Accept);
        let before = receiver.account().calls("a", planted.queryid);
        agent.start();
        // In every other round it comes to a commit before it is killed again.
        if kill % 2 == 0 {
            until(&mut agent, "it goes on", |_| {
                is_at_most_the_truth();
                receiver.account().calls("a", planted.queryid) > before
            })
            .await;
        }
    }
    stop.send(true).unwrap();
    load.await.unwrap().unwrap();
    until(&mut agent, "everything arrived", |_| {
        is_at_most_the_truth();
        let account = receiver.account();
        account.calls("a", planted.queryid) == planted.begun()
            && account.calls_of_events(planted.queryid) == planted.begun()
    })
    .await;
    assert_eq!(agent.end(), Some(0));
    is_sound(&receiver);
}
