//! The controls under `/simulator`: seeing, switching, and who may.

use actix_web::http::Method;
use awc::ClientRequest;
use serde_json::{Value, json};

use super::super::{FaultSettings, Settings};
use super::{Answer, Bench, answer};

impl Bench {
    fn control(&self, method: Method, path: &str) -> ClientRequest {
        self.http.request(method, format!("http://{}/simulator{path}", self.simulator.address()))
    }

    async fn patch(&self, body: &'static str) -> Answer {
        answer(self.control(Method::PATCH, "/faults").send_body(body)).await.unwrap()
    }
}

#[actix_web::test]
async fn people_see_the_faults_and_the_counters_and_never_a_token() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    let zak = bench.zak(&access).await.token();
    let answer = answer(bench.control(Method::GET, "").send()).await.unwrap();
    assert_eq!(answer.status, 200);
    let body = answer.json();
    assert_eq!(body["faults"], serde_json::to_value(FaultSettings::default()).unwrap());
    assert_eq!((&body["seen"]["logins"], &body["seen"]["zaks"]), (&json!(1), &json!(1)));
    for secret in [access.as_str(), zak.as_str(), "simulator-secret", "alice"] {
        assert!(!answer.text.contains(secret), "{}", answer.text);
    }
}

#[actix_web::test]
async fn people_switch_faults_and_take_them_back() {
    let bench = Bench::new().await;
    let patched = bench.patch(r#"{"tokenLatencyMs":5,"errorKind":"html"}"#).await;
    assert_eq!((patched.status, &patched.json()["faults"]["tokenLatencyMs"]), (200, &json!(5)));
    assert_eq!(bench.simulator.faults().now().token_latency_ms, 5);
    let reset = answer(bench.control(Method::DELETE, "/faults").send()).await.unwrap();
    assert_eq!(reset.status, 200);
    assert_eq!(bench.simulator.faults().now(), FaultSettings::default());
}

#[actix_web::test]
async fn a_bad_patch_is_refused_in_a_sentence_and_changes_nothing() {
    let bench = Bench::new().await;
    for (body, says) in [
        (r#"{"silent":true,"slient":true}"#, r#"the simulator has no fault "slient""#),
        (
            r#"{"silent":true,"dropRate":2}"#,
            r#"the fault "dropRate" doesn't take this value: a rate is 0 to 1"#,
        ),
        ("[]", "the body must be a JSON object of faults"),
        ("{", "the body must be a JSON object of faults"),
        ("", "the body must be a JSON object of faults"),
    ] {
        let refused = bench.patch(body).await;
        assert_eq!(refused.status, 400, "{body}");
        let json: Value = refused.json();
        assert!(json["error"].as_str().unwrap().starts_with(says), "{json}");
        assert_eq!(bench.simulator.faults().now(), FaultSettings::default(), "{body}");
    }
}

#[actix_web::test]
async fn people_revoke_access_tokens() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    let revoked = answer(bench.control(Method::POST, "/revoke").send()).await.unwrap();
    assert_eq!(revoked.status, 200);
    assert_eq!(bench.zak(&access).await.status, 401);
}

#[actix_web::test]
async fn a_foreign_page_can_neither_see_nor_switch() {
    let bench = Bench::new().await;
    for (header, value) in [
        ("Host", "simulator.example.com"),
        ("Host", "localhost.example.com:80"),
        ("Origin", "https://example.com"),
        ("Origin", "null"),
    ] {
        let foreign = |method, path| bench.control(method, path).insert_header((header, value));
        for (method, path) in [(Method::GET, ""), (Method::POST, "/revoke"), (Method::DELETE, "/faults")] {
            let refused = answer(foreign(method, path).send()).await.unwrap();
            assert_eq!(refused.status, 403, "{header}: {value}");
        }
        let refused = foreign(Method::PATCH, "/faults").send_body(r#"{"silent":true}"#);
        assert_eq!(answer(refused).await.unwrap().status, 403, "{header}: {value}");
    }
    assert_eq!(bench.simulator.faults().now(), FaultSettings::default());
}

#[actix_web::test]
async fn a_page_of_this_machine_may_use_the_controls() {
    let bench = Bench::new().await;
    let request = bench.control(Method::GET, "").insert_header(("Origin", "http://localhost:3000"));
    assert_eq!(answer(request.send()).await.unwrap().status, 200);
}

#[actix_web::test]
async fn without_controls_there_are_none() {
    let settings = Settings { control: false, ..Settings::default() };
    let bench = Bench::with(settings).await;
    let answer = answer(bench.control(Method::GET, "").send()).await.unwrap();
    assert_eq!(answer.status, 404);
}
