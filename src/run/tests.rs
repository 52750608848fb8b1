//! What a run does where the program itself fails.

use std::fs;

use tokio::sync::watch;

use super::{Options, SnapshotMode, Snapshots, run};
use crate::outcome::{Event, Fault, State};
use crate::plan::{self, Request};
use crate::template::Seed;

#[tokio::test]
async fn a_panic_in_a_scenario_is_its_internal_error_and_the_others_go_on() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["a", "b", "c"] {
        let text = format!("name: {name}\nsteps: [{{ wait: 1ms }}]\n");
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
    let (mut ended, mut told) = (Vec::new(), Vec::new());
    let mut sink = |event: Event| match event {
        Event::StepStarted { scenario: 1, .. } => panic!("it broke"),
        Event::StepFinished { scenario: 1, step } => told.extend(step.faults),
        Event::ScenarioFinished { scenario, state, .. } => ended.push((scenario, state)),
        _ => {}
    };
    run(&plan, &options, &mut sink).await.expect("a run");
    assert_eq!(ended, [(0, State::Passed), (1, State::Failed), (2, State::Passed)]);
    let [Fault::Invalid { message, place, .. }] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((message.as_str(), place.line()), ("internal error: it broke", 1));
}
