//! Logins: what is granted and how Zoom refuses one.

use serde_json::json;

use super::{Answer, Bench, answer};

fn refusal(answer: &Answer) -> (u16, String, String) {
    let body = answer.json();
    let text = |field: &str| body[field].as_str().unwrap().to_owned();
    (answer.status, text("error"), text("reason"))
}

fn refused(error: &str, reason: &str) -> (u16, String, String) {
    (400, error.into(), reason.into())
}

#[actix_web::test]
async fn a_login_is_answered_as_zoom_does() {
    let bench = Bench::new().await;
    let answer = bench.try_login().await.unwrap();
    assert_eq!(answer.status, 200);
    let mut body = answer.json();
    assert!(body["access_token"].take().as_str().unwrap().len() > 40);
    let expected = json!({
        "access_token": null, "token_type": "bearer", "expires_in": 3599,
        "scope": "user:read:token:admin user:read:zak:admin",
    });
    assert_eq!(body, expected);
    let seen = bench.simulator.seen();
    assert_eq!((seen.login_calls, seen.logins), (1, 1));
}

#[actix_web::test]
async fn grant_and_account_may_stand_in_the_query() {
    let bench = Bench::new().await;
    let query = [("grant_type", "account_credentials"), ("account_id", "simulator-account")];
    let request = bench.login_request().query(&query).unwrap();
    assert_eq!(answer(request.send()).await.unwrap().status, 200);
}

#[actix_web::test]
async fn wrong_credentials_are_an_invalid_client() {
    let bench = Bench::new().await;
    let expected = refused("invalid_client", "Invalid client_id or client_secret");
    let form = json!({"grant_type": "account_credentials", "account_id": "simulator-account"});
    for (id, secret) in [("simulator-client", "wrong"), ("wrong", "simulator-secret"), ("", "")] {
        let request = bench.http.post(bench.simulator.oauth_url()).basic_auth(id, secret);
        assert_eq!(refusal(&answer(request.send_form(&form)).await.unwrap()), expected, "{id}");
    }
    for header in ["Basic", "Basic %%%", "Bearer c2ltdWxhdG9yLWNsaWVudDpzaW11bGF0b3Itc2VjcmV0"] {
        let request = bench.http.post(bench.simulator.oauth_url()).insert_header(("Authorization", header));
        assert_eq!(refusal(&answer(request.send_form(&form)).await.unwrap()), expected, "{header}");
    }
    let request = bench.http.post(bench.simulator.oauth_url());
    assert_eq!(refusal(&answer(request.send_form(&form)).await.unwrap()), expected);
    assert_eq!(bench.simulator.seen().logins, 0);
}

#[actix_web::test]
async fn another_grant_is_an_unsupported_grant_type() {
    let bench = Bench::new().await;
    let expected = refused("unsupported_grant_type", "unsupported grant type");
    for form in [json!({"grant_type": "client_credentials", "account_id": "simulator-account"}), json!({})] {
        let answer = answer(bench.login_request().send_form(&form)).await.unwrap();
        assert_eq!(refusal(&answer), expected, "{form}");
    }
}

#[actix_web::test]
async fn another_account_is_an_invalid_request() {
    let bench = Bench::new().await;
    for form in [
        json!({"grant_type": "account_credentials", "account_id": "wrong"}),
        json!({"grant_type": "account_credentials"}),
    ] {
        let answer = answer(bench.login_request().send_form(&form)).await.unwrap();
        assert_eq!(refusal(&answer), refused("invalid_request", "Bad Request"), "{form}");
    }
}

#[actix_web::test]
async fn bad_credentials_refuse_a_login_that_is_right() {
    let bench = Bench::new().await;
    bench.faults(|faults| faults.bad_credentials = true);
    let expected = refused("invalid_client", "Invalid client_id or client_secret");
    assert_eq!(refusal(&bench.try_login().await.unwrap()), expected);
}

#[actix_web::test]
async fn a_missing_scope_is_missing_in_the_login_too() {
    let bench = Bench::new().await;
    bench.faults(|faults| faults.missing_scope = true);
    let answer = bench.try_login().await.unwrap();
    assert_eq!(answer.json()["scope"], "user:read:zak:admin");
}

#[actix_web::test]
async fn the_life_of_an_access_token_is_what_the_login_is_told() {
    let bench = Bench::new().await;
    bench.faults(|faults| faults.access_token_seconds = 90);
    assert_eq!(bench.try_login().await.unwrap().json()["expires_in"], 90);
    bench.faults(|faults| faults.access_token_early_seconds = Some(1));
    assert_eq!(bench.try_login().await.unwrap().json()["expires_in"], 90);
}
