//! `docs/protocol.md` holds what is built: its tables are compared with the code, both ways.

use std::collections::BTreeSet;

use awc::http::Method;
use serde_json::Value;
use zoom_token_hub::config::VARIABLES;
use zoom_token_hub::hub::events::SERVER_EVENTS;
use zoom_token_hub::hub::refusal::{Code, Retry};
use zoom_token_hub::hub::requests::CLIENT_EVENTS;

use crate::harness::Hub;

const DOCUMENT: &str = include_str!("../../docs/protocol.md");

/// The rows of the first table under a heading, without code marks.
fn table(heading: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Vec<String> {
        let line = line.trim_start_matches('|').trim_end_matches('|');
        line.split('|').map(|cell| cell.trim().replace('`', "")).collect()
    };
    let rows: Vec<_> = DOCUMENT
        .lines()
        .skip_while(|line| *line != heading)
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(cells)
        .collect();
    assert!(!rows.is_empty(), "there is no table under {heading:?}");
    rows
}

fn column(heading: &str, column: usize) -> Vec<String> {
    table(heading).into_iter().map(|mut row| row.swap_remove(column)).collect()
}

#[test]
fn the_codes_are_the_codes_of_the_hub() {
    let or_none = |number: Option<u16>| number.map_or_else(|| "–".to_owned(), |number| number.to_string());
    let written: Vec<_> = table("### Codes").iter().map(|row| row[..4].join(" | ")).collect();
    let built = Code::ALL.iter().map(|code| {
        let retry = match code.retry() {
            Retry::No => "no".to_owned(),
            Retry::Later(seconds) => format!("after {seconds} s"),
            Retry::Elsewhere => "elsewhere".to_owned(),
            Retry::Fresh => "fresh credential".to_owned(),
        };
        [code.word().to_owned(), or_none(code.http()), or_none(code.close()), retry].join(" | ")
    });
    assert_eq!(written, built.collect::<Vec<_>>());
}

#[test]
fn the_events_are_the_events_of_the_hub() {
    assert_eq!(column("### What a client sends", 0), CLIENT_EVENTS);
    assert_eq!(column("### What the hub sends", 0), SERVER_EVENTS);
}

#[test]
fn the_variables_are_those_that_the_hub_reads() {
    let written: Vec<_> = table("## Configuration").iter().map(|row| row.join(" | ")).collect();
    let read: Vec<_> = VARIABLES
        .iter()
        .map(|variable| [variable.name, variable.default, variable.meaning].join(" | "))
        .collect();
    assert_eq!(written, read);
}

#[actix_web::test]
async fn the_calls_are_the_calls_of_a_running_hub() {
    let hub = Hub::start().await;
    let written: BTreeSet<_> = column("## REST", 0).into_iter().collect();
    for call in &written {
        let (method, path) = call.split_once(' ').unwrap();
        let method: Method = method.parse().unwrap();
        let answer = hub.http().call(method, path, "").await;
        let there = answer.status != 404 || answer.json()["code"] == "distribution_not_found";
        assert!(there && answer.status != 405, "{call}: {}", answer.status);
    }
    let index = hub.get("/").await.expect(200);
    let told = index["endpoints"].as_object().unwrap().values();
    let told = told.map(|call| Value::as_str(call).unwrap().to_owned());
    let told: BTreeSet<_> = told.chain(["GET /".to_owned()]).collect();
    assert_eq!(written, told);
}

#[test]
fn every_link_within_the_document_leads_somewhere() {
    let anchors: BTreeSet<_> = DOCUMENT
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches(['#', ' ']).to_lowercase().replace(' ', "-").replace('.', ""))
        .collect();
    let links = DOCUMENT.split("](#").skip(1);
    for link in links.map(|rest| rest.split(')').next().unwrap()) {
        assert!(anchors.contains(link), "#{link}");
    }
}

#[test]
fn every_example_in_the_document_is_json() {
    let blocks = DOCUMENT.split("```json\n").skip(1);
    for block in blocks.map(|rest| rest.split("```").next().unwrap()) {
        let read: Result<Value, _> = serde_json::from_str(block);
        assert!(read.is_ok(), "{read:?}:\n{block}");
    }
}
