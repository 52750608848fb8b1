//! What a run does where the program itself fails.

use std::fs;

use tokio::sync::watch;

use super::{Options, SnapshotMode, Snapshots, run};
use crate::outcome::{Breaker, Event, Fault, State};
use crate::plan::{self, Request};
use crate::template::Seed;

#[tokio::test]
async fn a_panic_in_a_scenario_is_its_internal_error_and_the_others_go_on() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["a", "b", "c"] {
        let text = format!(
            "name: {name}\nsteps:\n  - {{ name: first, wait: 1ms }}\n  - {{ name: breaks, wait: 1ms }}\n  - {{ name: left, wait: 1ms }}\nteardown: [{{ name: last, wait: 1ms }}]\n"
        );
        fs::write(folder.path().join(format!("{name}.yaml")), text).expect("a file");
    }
    let folder = folder.path().to_owned();
    let loaded = plan::load(Request { folder, paths: vec![".".to_owned()], ..Request::default() });
    let plan = loaded.plan.expect("a plan");
    let (_stop, stop) = watch::channel(None);
    let options = Options {
        jobs: 1,
        server_url: None,
        id: "run-1".to_owned(),
        retries: 1,
        fail_fast: None,
        snapshots: Snapshots::new(SnapshotMode::Never),
        seed: Seed::new(1),
        stop,
    };
    let (mut ended, mut done) = (Vec::new(), Vec::new());
    let mut sink = |event: Event| match event {
        Event::StepStarted { scenario: 1, name } if name == "breaks" => panic!("it broke"),
        Event::StepFinished { scenario: 1, step } => done.push(*step),
        Event::ScenarioFinished { scenario, state, runs, .. } => {
            ended.push((scenario, state, runs))
        }
        _ => {}
    };
    run(&plan, &options, &mut sink).await.expect("a run");
    let passed = |scenario| (scenario, State::Passed, 1);
    // It does not run again: that it may be well the next time makes it no better.
    assert_eq!(ended, [passed(0), (1, State::Failed, 1), passed(2)]);
    let states: Vec<_> = done.iter().map(|step| (step.name.as_str(), step.state)).collect();
    assert_eq!(
        states,
        [("first", State::Passed), ("callsheet", State::Failed), ("last", State::Passed)]
    );
    let [Fault::BrokenOff { message, place, by: Breaker::Defect }] = done[1].faults.as_slice()
    else {
        panic!("{done:?}")
    };
    assert_eq!((message.as_str(), place.line()), ("internal error: it broke", 1));
}
