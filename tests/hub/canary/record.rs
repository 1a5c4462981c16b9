//! Everything that anybody hears of the hub, and the judgement over it at the end: nobody has heard a secret, but each
//! its own tokens.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use awc::http::Method;
use serde_json::Value;
use zoom_token_hub::simulator::Claims;

use super::cast::{Credential, NOTE, PREVIOUS};
use crate::harness::credentials::SECRET;
use crate::harness::search::Secrets;
use crate::harness::stand_in::StandIn;
use crate::harness::{Answer, Http, due};

/// Whose tokens somebody may hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    Nobodys,
    Only(&'static str),
    Anybodys,
}

impl Whose {
    fn includes(self, user: &str) -> bool {
        match self {
            Self::Nobodys => false,
            Self::Only(one) => one.eq_ignore_ascii_case(user),
            Self::Anybodys => true,
        }
    }
}

#[derive(Debug)]
struct Heard {
    who: String,
    whose: Whose,
    text: String,
}

/// The hub as its clients meet it, and what they hear.
#[derive(Debug)]
pub struct Record {
    pub address: SocketAddr,
    planted: RefCell<Secrets>,
    heard: RefCell<Vec<Heard>>,
}

impl Record {
    pub fn of(address: SocketAddr) -> Self {
        let mut planted = Secrets::default();
        planted.add("the secret that credentials are signed with", SECRET);
        planted.add("the secret that they were signed with before", PREVIOUS);
        planted.add("what a credential says beside", NOTE);
        Self { address, planted: RefCell::new(planted), heard: RefCell::default() }
    }

    /// Adds a secret.
    pub fn plant(&self, name: &str, secret: &str) {
        self.planted.borrow_mut().add(name, secret);
    }

    /// Adds what somebody heard, and whose tokens may be in it.
    pub fn hear(&self, who: impl Into<String>, whose: Whose, text: impl Into<String>) {
        self.heard.borrow_mut().push(Heard { who: who.into(), whose, text: text.into() });
    }

    /// A call with this credential.
    pub async fn call(&self, by: &Credential, method: Method, path: &str, body: &Value) -> Answer {
        let authorization = format!("Bearer {}", by.token);
        self.call_with(by, &[("authorization", &authorization)], method, path, &body.to_string()).await
    }

    /// A call with these headers, by who has this credential. A refusal holds nobody's tokens.
    pub async fn call_with(
        &self,
        by: &Credential,
        headers: &[(&str, &str)],
        method: Method,
        path: &str,
        body: &str,
    ) -> Answer {
        let who = format!("{} by {method} {path}", by.name);
        let http = Http::new(self.address).with("content-type", "application/json");
        let http = headers.iter().fold(http, |http, (name, value)| http.with(name, value));
        let answer = due(&who, http.call(method, path, body)).await;
        let whose = if answer.status == 200 { by.whose } else { Whose::Nobodys };
        self.hear(who, whose, format!("{answer:?}"));
        answer
    }

    /// Nobody has heard what is not for them, each of `served` has heard something that is, and in what the program has
    /// `said` there is nothing at all.
    pub fn judge(self, zoom: &StandIn, served: &[String], said: &str) {
        let owned = |token: String| Some((Claims::read(&token)?.sub, token));
        let owners: HashMap<_, _> =
            zoom.learnt().tokens.into_iter().filter_map(owned).map(|(user, token)| (token, user)).collect();
        let mut secrets = zoom.secrets();
        secrets.append(self.planted.into_inner());
        assert!(secrets.count() > 200, "{}: too little has happened", secrets.count());
        let search = secrets.search();
        let mut happy = Vec::new();
        for Heard { who, whose, text } in self.heard.into_inner() {
            let (rest, own) =
                without(&text, |word| owners.get(word).is_some_and(|user| whose.includes(user)));
            assert_eq!(search.within(&rest), [""; 0], "heard by {who}");
            if own > 0 {
                happy.push(who);
            }
        }
        for who in served {
            assert!(happy.contains(who), "{who} has heard nothing of its own");
        }
        assert_eq!(search.within(said), [""; 0], "said by the program");
        assert_eq!(secrets.spelled_out_in(said), [""; 0], "said by the program");
    }
}

/// A text less the words of which this is true, and how many words those were.
fn without(text: &str, is_own: impl Fn(&str) -> bool) -> (String, usize) {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let own: HashSet<_> = text.split(|letter| !is_word(letter)).filter(|word| is_own(word)).collect();
    (own.iter().fold(text.to_owned(), |text, word| text.replace(word, "…")), own.len())
}
