//! A host that comes late, or again, sees how its distributions stand, follows them and cancels them.

use rstest::rstest;
use serde_json::{Value, json};

use crate::harness::Carrier::{self, Polling, SocketIo, WebSocket};
use crate::harness::credentials::credential;
use crate::harness::rows::{HOST, distribute, request, request_with, row, row_becomes};
use crate::harness::{Hub, MEETING, due, expect_shape};

const ANN: &str = "ann@example.com";

fn of(id: &Value) -> Value {
    json!({"distributionId": id})
}

fn path(id: &Value) -> String {
    format!("/api/distributions/{}", id.as_str().unwrap())
}

#[rstest]
#[actix_web::test]
async fn a_host_that_reloads_goes_on_where_it_was(#[values(WebSocket, SocketIo, Polling)] carrier: Carrier) {
    let hub = Hub::start().await.over(carrier);
    let mut host = hub.connect_as(HOST).await;
    let report = distribute(&mut host, request(&[ANN, "ben@example.com"])).await;
    let id = &report["distributionId"];
    host.leave().await;

    let mut host = hub.connect_as(HOST).await;
    host.emit_as("1", "distribution:get", json!({})).await;
    let list = host.expect_answer("1", "distribution").await;
    let shape = json!({"distributions": [{
        "distributionId": id, "meetingId": MEETING, "hostUserId": HOST, "startedAt": "<moment>",
        "total": 2, "queued": 0, "successful": 0, "pending": 2, "failed": 0,
    }]});
    expect_shape(&list, &shape);
    host.emit_as("2", "distribution:get", json!({"distributionId": id, "follow": true})).await;
    let stands = host.expect_answer("2", "distribution").await;
    assert_eq!(stands["participants"], report["participants"]);

    hub.connect_as(ANN).await.expect("meeting:credentials").await;
    row_becomes(&mut host, ANN, "delivered").await;
    let over_http = hub.get(&path(id)).await.expect(200);
    assert_eq!(row(&over_http, ANN).unwrap()["status"], "delivered");
    assert_eq!(hub.get("/api/distributions").await.expect(200)["distributions"][0]["successful"], 1);
}

#[rstest]
#[actix_web::test]
async fn who_follows_is_told_beside_the_one_that_asked(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    let mut host = hub.connect_as(HOST).await;
    let report = distribute(&mut host, request(&[ANN])).await;
    let mut follower = hub.connect().await;
    follower
        .emit("distribution:get", json!({"distributionId": report["distributionId"], "follow": true}))
        .await;
    follower.expect("distribution").await;
    hub.connect_as(ANN).await.expect("meeting:credentials").await;
    row_becomes(&mut host, ANN, "delivered").await;
    row_becomes(&mut follower, ANN, "delivered").await;
}

#[rstest]
#[actix_web::test]
async fn who_only_looked_is_told_no_more(#[values(WebSocket, SocketIo, Polling)] carrier: Carrier) {
    let hub = Hub::start().await.over(carrier);
    let mut host = hub.connect_as(HOST).await;
    let report = distribute(&mut host, request(&[ANN])).await;
    let mut other = hub.connect().await;
    other.emit("distribution:get", of(&report["distributionId"])).await;
    other.expect("distribution").await;
    hub.connect_as(ANN).await.expect("meeting:credentials").await;
    row_becomes(&mut host, ANN, "delivered").await;
    other.expect_nothing().await;
    assert!(!other.heard().contains("meeting:progress"));
}

#[rstest]
#[actix_web::test]
async fn a_distribution_that_is_cancelled_mints_nothing_more(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start().await.over(carrier);
    hub.zoom.faults().change(|faults| faults.slow_user_ms = 600_000);
    let mut host = hub.connect_as(HOST).await;
    let mut slow = hub.connect_as("slow@example.com").await;
    let mut ben = hub.connect_as("ben@example.com").await;
    host.emit_as("d", "meeting:distribute", request(&[ANN, "slow@example.com", "ben@example.com"])).await;
    host.expect("meeting:started").await;
    ben.expect("meeting:credentials").await;
    let pending = row_becomes(&mut host, "ben@example.com", "delivered").await;
    assert_eq!(pending["sessions"], 1);
    host.emit("distribution:get", json!({})).await;
    let list = host.expect("distribution").await;
    let id = &list["distributions"][0]["distributionId"];

    host.emit_as("c", "meeting:cancel", of(id)).await;
    // Whoever asked for it is told, and whoever cancelled.
    let (one, other) = (host.expect("meeting:distributed").await, host.expect("meeting:distributed").await);
    for report in [&one, &other] {
        assert_eq!(
            (&report["successful"], &report["failed"], &report["pending"]),
            (&json!(1), &json!(2), &json!(0))
        );
        for user in [ANN, "slow@example.com"] {
            assert_eq!(row(report, user).unwrap()["code"], "cancelled");
        }
    }
    hub.connect_as(ANN).await.expect_nothing().await;
    slow.expect_nothing().await;
    // Once more changes nothing.
    let again = hub.post(&format!("{}/cancel", path(id)), json!({})).await.expect(200);
    assert_eq!(again["participants"], one["participants"]);
}

#[actix_web::test]
async fn what_is_not_remembered_is_not_found() {
    let hub = Hub::start().await;
    let mut host = hub.connect_as(HOST).await;
    for id in ["00000000000000000000000000000000", "nonsense"] {
        assert_eq!(hub.get(&path(&json!(id))).await.expect(404)["code"], "distribution_not_found");
        let cancel = hub.post(&format!("{}/cancel", path(&json!(id))), json!({})).await;
        assert_eq!(cancel.expect(404)["code"], "distribution_not_found");
    }
    let unknown = of(&json!("00000000000000000000000000000000"));
    for event in ["distribution:get", "meeting:cancel"] {
        assert_eq!(host.refused(event, unknown.clone()).await, "distribution_not_found");
        assert_eq!(host.refused(event, of(&json!(["x"]))).await, "invalid_request");
    }
}

#[actix_web::test]
async fn it_is_remembered_for_so_long_once_nothing_more_becomes_of_it() {
    let hub = Hub::start_with(&[("REMEMBER_SECONDS", "0.2")]).await;
    let mut host = hub.connect_as(HOST).await;
    let report = distribute(&mut host, request(&[ANN])).await;
    let path = path(&report["distributionId"]);
    // Somebody is waited for.
    due("a while", async { while hub.get("/api/health").await.json()["uptimeSeconds"] == 0 {} }).await;
    hub.get(&path).await.expect(200);
    hub.connect_as(ANN).await.expect("meeting:credentials").await;
    due("forgotten", async { while hub.get(&path).await.status != 404 {} }).await;
    assert_eq!(hub.connect().await.authenticate(ANN).await["meetings"], json!([]));
    assert_eq!(hub.get("/api/distributions").await.expect(200)["distributions"], json!([]));
}

#[actix_web::test]
async fn beyond_so_many_the_oldest_that_has_ended_is_forgotten() {
    let hub = Hub::start_with(&[("MAX_REMEMBERED", "2")]).await;
    let mut host = hub.connect_as(HOST).await;
    let waiting = distribute(&mut host, request(&[ANN])).await["distributionId"].clone();
    let mut ended = Vec::new();
    // However the last row ended: from the start, or once the distribution ran.
    for named in ["me", "ben@example.com", "ben@example.com"] {
        let request = request_with(&[named], "hold", json!(false));
        ended.push(distribute(&mut host, request).await["distributionId"].clone());
    }
    for (id, status) in [(&waiting, 200), (&ended[0], 404), (&ended[1], 200), (&ended[2], 200)] {
        assert_eq!(hub.get(&path(id)).await.status, status);
    }
}

#[rstest]
#[actix_web::test]
async fn a_host_sees_its_own_alone_and_a_participant_none(
    #[values(WebSocket, SocketIo, Polling)] carrier: Carrier,
) {
    let hub = Hub::start_with_credentials(&[]).await.over(carrier);
    let credential = |user: &str, role: &str, meetings: Value| credential(user, role, &meetings);
    let mut host = hub.connect_with(HOST, &credential(HOST, "host", json!({}))).await;
    let report = distribute(&mut host, request(&[ANN])).await;
    let id = &report["distributionId"];
    let elsewhere = json!({"meetings": ["987654321"]});
    for (user, role, meetings, seen, listed) in [
        (HOST, "host", json!({}), 200, json!(1)),
        (HOST, "host", elsewhere.clone(), 403, json!(0)),
        ("other@example.com", "host", json!({}), 403, json!(0)),
        ("cat@example.com", "participant", json!({}), 403, Value::Null),
        ("backend", "service", json!({}), 200, json!(1)),
        ("backend", "service", elsewhere, 403, json!(0)),
    ] {
        let name = format!("{user}, {role}, {meetings}");
        let credential = credential(user, role, meetings);
        let http = || hub.http_with(&credential);
        assert_eq!(http().get(&path(id)).await.status, seen, "{name}");
        let list = http().get("/api/distributions").await.json();
        assert_eq!(
            list["distributions"].as_array().map_or(Value::Null, |all| json!(all.len())),
            listed,
            "{name}"
        );
        let mut client = hub.connect_with(user, &credential).await;
        for (event, answer) in
            [("distribution:get", "distribution"), ("meeting:cancel", "meeting:distributed")]
        {
            if seen == 200 && event == "meeting:cancel" {
                continue;
            }
            client.emit(event, of(id)).await;
            if seen == 200 {
                client.expect(answer).await;
            } else {
                assert_eq!(client.expect("error").await["code"], "forbidden", "{name}");
                assert_eq!(
                    http().post(&format!("{}/cancel", path(id)), json!({})).await.status,
                    403,
                    "{name}"
                );
            }
        }
    }
    let mut nobody = hub.connect().await;
    for event in ["distribution:get", "meeting:cancel"] {
        assert_eq!(nobody.refused(event, of(id)).await, "not_authenticated");
    }
    assert_eq!(nobody.refused("distribution:get", json!({})).await, "not_authenticated");
    assert_eq!(hub.get(&path(id)).await.status, 401);
    assert_eq!(hub.get("/api/distributions").await.status, 401);
}
