//! What `docs/simulator.md` says of the faults is what the simulator has.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::harness::{Http, Hub};

/// The first two columns of the table of faults.
fn documented() -> BTreeMap<String, Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/simulator.md");
    let text = fs::read_to_string(path).unwrap();
    let table = text.split("| fault |").nth(1).expect("the table of faults");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let mut cells = row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`'));
        let (name, value) = (cells.next().unwrap(), cells.next().unwrap());
        (name.to_owned(), serde_json::from_str(value).unwrap_or_else(|error| panic!("{row}: {error}")))
    })
    .collect()
}

#[actix_web::test]
async fn every_fault_and_its_value_at_the_start_is_in_the_document() {
    let hub = Hub::start().await;
    let told = Http::new(hub.zoom.address()).get("/simulator").await.expect(200);
    let faults: BTreeMap<String, Value> = serde_json::from_value(told["faults"].clone()).unwrap();
    let documented = documented();
    assert_eq!(faults.keys().collect::<Vec<_>>(), documented.keys().collect::<Vec<_>>());
    for (name, value) in &faults {
        let same = value == &documented[name]
            || value.as_f64().is_some_and(|v| Some(v) == documented[name].as_f64());
        assert!(same, "{name} is {value} and not {}", documented[name]);
    }
}
