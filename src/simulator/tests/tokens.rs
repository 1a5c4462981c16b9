//! Token calls: what is issued and how Zoom refuses one.

use std::collections::HashSet;

use futures_util::future::join_all;
use jiff::Timestamp;

use super::super::Minted;
use super::Bench;
use crate::zoom::api::{TokenKind, token_path};

#[actix_web::test]
async fn a_zak_is_its_users_and_lives_two_hours_unless_asked_otherwise() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    let claims = bench.zak(&access).await.claims();
    assert_eq!((claims.kind, claims.sub.as_str(), claims.meeting), (TokenKind::Zak, "alice", None));
    assert_eq!(claims.exp - claims.iat, 7_200);
    assert!((Timestamp::now().as_second() - claims.iat).abs() < 60);
    let asked = bench.call(&access, "alice/token?type=zak&ttl=61").await.claims();
    assert_eq!(asked.exp - asked.iat, 61);
}

#[actix_web::test]
async fn an_obf_names_its_meeting_and_no_two_are_alike() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    let answers = join_all((0..20).map(|_| bench.obf(&access))).await;
    let tokens: HashSet<String> = answers.iter().map(super::Answer::token).collect();
    assert_eq!(tokens.len(), 20);
    for answer in answers {
        let claims = answer.claims();
        assert_eq!((claims.kind, claims.meeting.as_deref()), (TokenKind::Obf, Some("123456789")));
    }
}

#[actix_web::test]
async fn a_user_id_comes_through_the_path_whole() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    for user in ["a/../b?c#d%é@x", "alice+bot@example.com", "..%2F", "a;b=c d"] {
        let path = token_path(TokenKind::Zak, user, None, 60).to_string();
        let answer = bench.call(&access, path.strip_prefix("/users/").unwrap()).await;
        assert_eq!(answer.claims().sub, user);
    }
}

#[actix_web::test]
async fn issued_tokens_are_remembered_by_name_and_counted_by_kind() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    let (zak, obf) = (bench.zak(&access).await.claims(), bench.obf(&access).await.claims());
    let minted = |kind, meeting: Option<&str>, jti| Minted {
        kind,
        user: "alice".parse().unwrap(),
        meeting: meeting.map(|text| text.parse().unwrap()),
        jti,
    };
    let expected =
        vec![minted(TokenKind::Zak, None, zak.jti), minted(TokenKind::Obf, Some("123456789"), obf.jti)];
    assert_eq!(bench.simulator.account().minted().await, expected);
    let seen = bench.simulator.seen();
    assert_eq!((seen.zak_calls, seen.zaks, seen.obf_calls, seen.obfs), (1, 1, 1, 1));
}

#[actix_web::test]
async fn an_access_token_that_zoom_does_not_know_is_invalid() {
    let bench = Bench::new().await;
    let expected = (401, 124, "Invalid access token.".into());
    assert_eq!(bench.zak("unknown").await.refusal(), expected);
    assert_eq!(bench.zak("").await.refusal(), expected);
    assert_eq!(bench.simulator.seen().unauthorised, 2);
}

#[actix_web::test]
async fn a_revoked_access_token_is_invalid_and_the_next_login_mends_it() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    assert_eq!(bench.zak(&access).await.status, 200);
    bench.simulator.revoke_access_tokens().await;
    let expected = (401, 124, "Invalid access token.".into());
    assert_eq!(bench.zak(&access).await.refusal(), expected);
    assert_eq!(bench.zak(&bench.login().await).await.status, 200);
}

#[actix_web::test]
async fn an_access_token_that_ran_out_before_its_time_is_expired() {
    let bench = Bench::new().await;
    bench.faults(|faults| faults.access_token_early_seconds = Some(0));
    let access = bench.login().await;
    let expected = (401, 124, "Access token is expired.".into());
    assert_eq!(bench.zak(&access).await.refusal(), expected);
}

#[actix_web::test]
async fn calls_that_zoom_can_not_make_sense_of_fail_its_validation() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    for query in [
        "",
        "?ttl=60",
        "?type=sdk",
        "?type=onbehalf",
        "?type=onbehalf&meeting_id=",
        "?type=onbehalf&meeting_id=abc",
        "?type=zak&ttl=0",
        "?type=zak&ttl=31536001",
        "?type=zak&ttl=soon",
    ] {
        let answer = bench.call(&access, &format!("alice/token{query}")).await;
        assert_eq!(answer.refusal(), (400, 300, "Validation Failed.".into()), "{query}");
    }
}

#[actix_web::test]
async fn a_missing_user_does_not_exist_whatever_the_case() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    for user in ["missing", "Missing-7@example.com"] {
        let answer = bench.call(&access, &format!("{user}/token?type=zak")).await;
        let expected = (404, 1001, format!("User does not exist: {user}."));
        assert_eq!(answer.refusal(), expected);
    }
    let answer = bench.call(&access, "not-missing/token?type=zak").await;
    assert_eq!(answer.claims().sub, "not-missing");
}

#[actix_web::test]
async fn every_second_call_of_a_flaky_user_fails_and_no_one_elses() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    let mut statuses = Vec::new();
    for user in ["flaky1", "FLAKY1", "flaky2", "flaky1", "flaky2", "alice"] {
        statuses.push(bench.call(&access, &format!("{user}/token?type=zak")).await.status);
    }
    assert_eq!(statuses, [200, 500, 200, 200, 500, 200]);
}

#[actix_web::test]
async fn a_slow_user_waits_while_others_are_served() {
    let bench = Bench::new().await;
    let access = bench.login().await;
    assert_eq!(bench.simulator.faults().now().slow_user_ms, 2_000);
    bench.faults(|faults| faults.slow_user_ms = 400);
    let started = std::time::Instant::now();
    let slow = async {
        let answer = bench.call(&access, "Slow@example.com/token?type=zak").await;
        assert_eq!(answer.status, 200);
        started.elapsed()
    };
    let other = async {
        assert_eq!(bench.zak(&access).await.status, 200);
        started.elapsed()
    };
    let (slow, other) = tokio::join!(slow, other);
    assert!(slow.as_millis() >= 400, "{slow:?}");
    assert!(other < slow, "{other:?}");
}
