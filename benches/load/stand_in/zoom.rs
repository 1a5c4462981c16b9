//! What a call is answered, and what is counted: pure but for the dice, which fall alike in every run.

use std::collections::HashSet;
use std::time::{Duration, Instant, SystemTime};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::wire::{self, Request};
use super::{Behaviour, Counts};
use crate::window::SlidingWindow;

const JSON: &str = "application/json;charset=UTF-8";
/// The life of every token, in seconds.
const LIFE: u64 = 1800;

/// What is done with a call.
#[derive(Debug)]
pub(super) enum Reply {
    Answer(String),
    Reset,
    Silence,
}

/// Zoom, as far as a hub sees it.
#[derive(Debug)]
pub(super) struct Zoom {
    behaviour: Behaviour,
    counts: Counts,
    accepted: SlidingWindow,
    /// Those refused among them.
    arrived: SlidingWindow,
    users: HashSet<String>,
    dice: StdRng,
}

impl Default for Zoom {
    fn default() -> Self {
        Self {
            behaviour: Behaviour::default(),
            counts: Counts::default(),
            accepted: SlidingWindow::default(),
            arrived: SlidingWindow::default(),
            users: HashSet::new(),
            dice: StdRng::seed_from_u64(1),
        }
    }
}

impl Zoom {
    pub(super) fn behave(&mut self, behaviour: Behaviour) {
        self.behaviour = behaviour;
    }

    pub(super) fn latency(&self) -> Duration {
        Duration::from_millis(self.behaviour.latency_ms)
    }

    pub(super) fn counts(&self) -> Counts {
        Counts { users: self.users.len(), ..self.counts }
    }

    /// Decides when the request arrives; the latency comes after.
    pub(super) fn answer(&mut self, request: &Request, now: Instant) -> Reply {
        match request {
            Request::Login => {
                self.counts.logins += 1;
                if self.behaviour.silent { Reply::Silence } else { login() }
            }
            Request::Token { obf, user } => self.token(*obf, user, now),
            Request::Other => refusal("404 Not Found", 404, "No such call.", ""),
        }
    }

    fn token(&mut self, obf: bool, user: &str, now: Instant) -> Reply {
        self.counts.calls += 1;
        if !self.users.contains(user) {
            self.users.insert(user.to_owned());
        }
        self.arrived.admits(now, usize::MAX);
        self.counts.busiest_second = self.counts.busiest_second.max(self.arrived.held());
        let Behaviour { limit, silent, .. } = self.behaviour;
        if silent {
            return Reply::Silence;
        }
        let most = if limit == 0 { usize::MAX } else { usize::try_from(limit).unwrap_or(usize::MAX) };
        if !self.accepted.admits(now, most) {
            self.counts.refused += 1;
            return over_limit(self.behaviour);
        }
        self.counts.accepted += 1;
        if let Some(fault) = obf.then(|| self.fault()).flatten() {
            return fault;
        }
        self.counts.minted += 1;
        let token = jwt(user, self.counts.minted);
        Reply::Answer(wire::answer("200 OK", JSON, "", &format!(r#"{{"token":"{token}"}}"#)))
    }

    /// The fault that the dice choose, if any.
    fn fault(&mut self) -> Option<Reply> {
        let Behaviour { server_errors, resets, html, nulls, .. } = self.behaviour;
        let mut thrown: f64 = self.dice.random();
        let mut falls = |share: f64| {
            thrown -= share;
            thrown < 0.0
        };
        if falls(server_errors) {
            Some(refusal("500 Internal Server Error", 500, "Internal server error.", ""))
        } else if falls(resets) {
            Some(Reply::Reset)
        } else if falls(html) {
            let page = "<html><body>We will be back.</body></html>";
            Some(Reply::Answer(wire::answer("200 OK", "text/html", "", page)))
        } else if falls(nulls) {
            Some(Reply::Answer(wire::answer("200 OK", JSON, "", r#"{"token":null}"#)))
        } else {
            None
        }
    }
}

fn login() -> Reply {
    let body = r#"{"access_token":"an-access-token","token_type":"bearer","expires_in":3599,"scope":"user:read:token:admin user:read:zak:admin"}"#;
    Reply::Answer(wire::answer("200 OK", JSON, "", body))
}

fn over_limit(behaviour: Behaviour) -> Reply {
    let Behaviour { limit, untold, .. } = behaviour;
    let headers = format!(
        "X-RateLimit-Category: Light\r\nX-RateLimit-Type: Per-second-limit\r\n\
         X-RateLimit-Limit: {limit}\r\nX-RateLimit-Remaining: 0\r\n"
    );
    let headers = if untold { String::new() } else { headers };
    let message = "You have reached the maximum per-second rate limit for this API. Try again later.";
    refusal("429 Too Many Requests", 429, message, &headers)
}

fn refusal(status: &str, code: u16, message: &str, headers: &str) -> Reply {
    let body = format!(r#"{{"code":{code},"message":"{message}"}}"#);
    Reply::Answer(wire::answer(status, JSON, headers, &body))
}

/// A token as long as Zoom's are, about 700 bytes; no two are alike.
fn jwt(user: &str, number: usize) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let exp = now + LIFE;
    let claims = format!(
        r#"{{"aud":"clientsm","uid":"{user}","sub":"{user}","iss":"web","sty":1,"iat":{now},"exp":{exp},"jti":{number},"pad":"{:~<320}"}}"#,
        ""
    );
    let claims = BASE64_URL_SAFE_NO_PAD.encode(claims);
    format!("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.{claims}.{:A<43}", "")
}
