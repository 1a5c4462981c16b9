//! The HTTP endpoints, as far as they are compared.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::hub::Hub;
use crate::messages::{Join, moment};

pub fn routes(hub: Arc<Hub>) -> Router {
    Router::new().route("/api/health", get(health)).route("/api/meetings/join", post(join)).with_state(hub)
}

async fn health(State(hub): State<Arc<Hub>>) -> Json<Value> {
    let (sessions, users) = (hub.sessions(), hub.users());
    Json(json!({"status": "ok", "sessions": sessions, "users": users}))
}

async fn join(State(hub): State<Arc<Hub>>, Json(join): Json<Join>) -> (StatusCode, Json<Value>) {
    let Join { meeting_id, user_id } = join;
    match hub.zoom.obf(&user_id, &meeting_id).await {
        Ok(minted) => {
            let answer = json!({
                "success": true, "meetingId": meeting_id, "userId": user_id, "obfToken": minted.token,
                "expiresIn": minted.expires_in, "message": "Join credentials generated successfully",
                "expiresAt": moment(minted.expires_at),
            });
            (StatusCode::OK, Json(answer))
        }
        Err(error) => {
            let retryable = error.retryable();
            let refusal =
                json!({"success": false, "error": error.message, "code": error.code, "retryable": retryable});
            (StatusCode::SERVICE_UNAVAILABLE, Json(refusal))
        }
    }
}
