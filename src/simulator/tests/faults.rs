//! The faults that aren't limits: what each does to a call, and that it stops when switched off.

use std::time::Instant;

use actix_web::rt::net::TcpStream;
use tokio::time::timeout;

use super::super::{ErrorKind, TokenShape};
use super::{Bench, QUIET, answer, within};

#[actix_web::test]
async fn latency_delays_logins_and_token_calls_each_by_its_own() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    bench.faults(|faults| (faults.login_latency_ms, faults.token_latency_ms) = (200, 300));
    let started = Instant::now();
    bench.login().await;
    assert!(started.elapsed().as_millis() >= 200);
    let started = Instant::now();
    assert_eq!(bench.zak(&access).await.status, 200);
    assert!(started.elapsed().as_millis() >= 300);
}

#[actix_web::test]
async fn calls_that_wait_at_one_time_are_counted_together() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    bench.faults(|faults| faults.token_latency_ms = 100);
    let calls = (0..7).map(|_| bench.zak(&access));
    within(futures_util::future::join_all(calls)).await;
    bench.until_seen(|seen| seen.under_way == 0).await;
    assert_eq!(bench.simulator.seen().max_under_way, 7);
}

#[actix_web::test]
async fn failing_calls_are_answered_with_json() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    bench.faults(|faults| faults.error_rate = 1.0);
    let expected = (500, 500, "Internal server error.".into());
    assert_eq!(bench.zak(&access).await.refusal(), expected);
    assert_eq!(bench.try_login().await.unwrap().refusal(), expected);
    bench.simulator.faults().reset();
    assert_eq!(bench.zak(&access).await.status, 200);
}

#[actix_web::test]
async fn failing_calls_are_answered_with_a_proxys_page() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    bench.faults(|faults| (faults.error_rate, faults.error_kind) = (1.0, ErrorKind::Html));
    for answer in [bench.zak(&access).await, bench.try_login().await.unwrap()] {
        assert_eq!(answer.status, 502);
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(answer.text.starts_with("<html>"), "{answer:?}");
    }
}

#[actix_web::test]
async fn at_a_rate_of_a_half_some_calls_fail_and_some_do_not() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    bench.faults(|faults| faults.error_rate = 0.5);
    let calls = (0..100).map(|_| bench.zak(&access));
    let answers = within(futures_util::future::join_all(calls)).await;
    let failed = answers.iter().filter(|answer| answer.status == 500).count();
    // Fewer than 10 or more than 90 of 100 happen once in 10^16.
    assert!((10..=90).contains(&failed), "{failed}");
}

#[actix_web::test]
async fn a_dropped_call_ends_its_connection_without_a_byte() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    bench.faults(|faults| faults.drop_rate = 1.0);
    assert!(bench.try_call(&access, "alice/token?type=zak").await.is_none());
    assert!(bench.try_login().await.is_none());
    assert_eq!(within(bytes_until_closed(&bench, &access)).await, b"");
    bench.simulator.faults().reset();
    assert_ne!(within(bytes_until_closed(&bench, &access)).await, b"");
}

#[actix_web::test]
async fn silence_answers_nothing_and_its_end_cuts_the_call() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    bench.faults(|faults| faults.silent = true);
    let call = bench.call_request(&access, "alice/token?type=zak").send();
    let mut call = actix_web::rt::spawn(answer(call));
    bench.until_seen(|seen| seen.under_way == 1).await;
    assert!(timeout(QUIET, &mut call).await.is_err());
    bench.faults(|faults| faults.silent = false);
    assert!(within(call).await.unwrap().is_none());
    bench.until_seen(|seen| seen.under_way == 0).await;
    assert_eq!(bench.zak(&access).await.status, 200);
}

#[actix_web::test]
async fn issued_tokens_take_the_shape_that_is_asked_for() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    for (shape, body) in [(TokenShape::Null, r#"{"token":null}"#), (TokenShape::Empty, r#"{"token":""}"#)] {
        bench.faults(|faults| faults.token_shape = shape);
        let answer = bench.zak(&access).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, body));
    }
    assert_eq!(bench.simulator.seen().zaks, 0);
    bench.faults(|faults| faults.token_shape = TokenShape::Opaque);
    let token = bench.zak(&access).await.token();
    assert!(!token.is_empty() && !token.contains('.'), "{token}");
}

#[actix_web::test]
async fn a_life_that_is_set_beats_the_one_that_is_asked_for() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    bench.faults(|faults| faults.token_seconds = Some(5));
    let claims = bench.call(&access, "alice/token?type=zak&ttl=7200").await.claims();
    assert_eq!(claims.exp - claims.iat, 5);
}

#[actix_web::test]
async fn a_missing_scope_is_named() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    bench.faults(|faults| faults.missing_scope = true);
    let message = "Invalid access token, does not contain scopes:[user:read:token:admin].";
    assert_eq!(bench.zak(&access).await.refusal(), (400, 4711, message.into()));
}

#[actix_web::test]
async fn an_obf_whose_user_did_not_authorise_the_app_is_refused_and_a_zak_is_not() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    bench.faults(|faults| faults.obf_unauthorised = true);
    let message = "The user has not authorized this app to act on their behalf.";
    assert_eq!(bench.obf(&access).await.refusal(), (400, 300, message.into()));
    assert_eq!(bench.zak(&access).await.status, 200);
}

/// Everything that comes back on a connection of its own until the simulator closes it.
async fn bytes_until_closed(bench: &Bench, access: &str) -> Vec<u8> {
    let stream = TcpStream::connect(bench.simulator.address()).await.unwrap();
    let request = format!(
        "GET /v2/users/alice/token?type=zak HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Authorization: Bearer {access}\r\n\r\n"
    );
    stream.writable().await.unwrap();
    assert_eq!(stream.try_write(request.as_bytes()).unwrap(), request.len());
    let (mut bytes, mut chunk) = (Vec::new(), [0; 1024]);
    loop {
        stream.readable().await.unwrap();
        match stream.try_read(&mut chunk) {
            Ok(0) => return bytes,
            Ok(length) => bytes.extend_from_slice(&chunk[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return bytes,
            Err(error) => panic!("{error}"),
        }
    }
}
