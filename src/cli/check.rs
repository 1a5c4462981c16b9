//! `check`: logs in, asks for a ZAK, an OBF and a setup as the hub would, and says what to do about what fails.
//!
//! It goes the hub's own way, through the token broker and [`Meetings`]; it listens nowhere, so a hub may run beside it.
//! No token is shown, only how long it is and when it ends.

use std::collections::HashSet;
use std::fmt::Display;
use std::io::{self, Write};
use std::time::Duration;

use actix::{Actor, Addr, MailboxError};
use tokio::sync::{oneshot, watch};

use super::advice::{Tried, advice};
use super::wrap::hanging;
use super::{Failure, VERSION, logging, settings, upstream};
use crate::config::{Config, Origin, Test, Variables};
use crate::hub::audit::Asked;
use crate::hub::command::permit;
use crate::hub::distributions::{Distributions, Limits};
use crate::hub::drain::Drain;
use crate::hub::meetings::{BatchRow, Meetings};
use crate::hub::mint::{Deadlines, Minting};
use crate::hub::moments::in_words;
use crate::hub::presence::Presence;
use crate::hub::refusal::Refusal;
use crate::hub::registry::{Bounds, Registry};
use crate::hub::requests::{Named, Roster, SetUpMeeting};
use crate::hub::tally::Tally;
use crate::hub::watches;
use crate::identity::{Authority, Caller};
use crate::names::{MeetingId, RequestId, UserId};
use crate::web::AppError;
use crate::zoom::broker::{LogIn, Mint, Tempo, TokenBroker};
use crate::zoom::error::ZoomError;
use crate::zoom::{self, Granted, Health, IssuedToken};

/// A clock that is further off than this makes tokens look longer or shorter lived than they are.
const CLOCK_OFF: Duration = Duration::from_mins(1);

/// Nobody connects to a check.
const NOBODY: Bounds = Bounds { sessions: 0, per_user: 0, min_life: Duration::ZERO, watches: NO_WATCHES };
const NO_WATCHES: watches::Bounds = watches::Bounds { per_session: 0, in_all: 0, grace: Duration::ZERO };

/// Checks, and tells whether all that was tried went well.
pub(super) async fn check() -> Result<bool, Failure> {
    let variables = Variables::of_the_process()?;
    let config = Config::from_variables(&variables)?;
    let all = variables.settings();
    // What the log would say stands on the page already; who asks for the log gets it.
    if all.iter().any(|setting| setting.variable.name == "RUST_LOG" && setting.origin != Origin::Default) {
        logging::start(&config.log_filter);
    }
    // A key that is none stops the hub's start, and so it does this.
    drop(Authority::new(&config.auth).map_err(AppError::from)?);
    let (upstream, simulator) = upstream(&config).await?;
    let tls = zoom::tls(&upstream).map_err(AppError::from)?;
    say(format_args!("Zoom Token Hub {VERSION}: check\n"));
    say(settings::page(&config, &all));
    for notice in &config.notices {
        say(hanging("  ! ", notice));
    }
    match &simulator {
        None => say(format_args!("\nChecks, against {} and {}\n", upstream.oauth_url, upstream.api_url)),
        Some(_) => say("\nChecks, against the built-in SIMULATOR: they say nothing about Zoom\n"),
    }
    let (learns, _health) = watch::channel(Health::Starting);
    let (tells, _tempo) = watch::channel(Tempo::default());
    let (alive, _ended) = oneshot::channel();
    let broker = TokenBroker::new(upstream, &config.zoom, tls, learns, tells, alive).start();
    let mut run = Run::new(broker, &config, simulator.is_some());
    run.all(&config.test).await;
    if let Some(simulator) = simulator {
        simulator.stop().await;
    }
    Ok(run.failed == 0)
}

/// What can't be printed, because nobody reads it any more, changes nothing of the verdict.
fn say(line: impl Display) {
    writeln!(io::stdout().lock(), "{line}").ok();
}

/// The checks as they go.
struct Run {
    broker: Addr<TokenBroker>,
    meetings: Meetings,
    deadline: Duration,
    simulated: bool,
    /// The advice that was given.
    told: HashSet<String>,
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Run {
    fn new(broker: Addr<TokenBroker>, config: &Config, simulated: bool) -> Self {
        let (alive, _ended) = oneshot::channel();
        let presence = Presence::default();
        let registry = Registry::new(presence.clone(), Drain::default(), NOBODY, None, alive).start();
        let deadlines = Deadlines::new(&config.zoom);
        let minting = Minting { broker: broker.clone(), deadlines, tally: Tally::default() };
        let distributions = {
            let (minting, registry, limits) = (minting.clone(), registry.clone(), Limits::new(config));
            let (alive, _ended) = oneshot::channel();
            let (_tells, tempo) = watch::channel(Tempo::default());
            Distributions::new(minting, registry, presence, limits, tempo, alive).start()
        };
        Self {
            meetings: Meetings::new(minting, registry, distributions),
            broker,
            deadline: deadlines.interactive(),
            simulated,
            told: HashSet::new(),
            passed: 0,
            failed: 0,
            skipped: 0,
        }
    }

    async fn all(&mut self, test: &Test) {
        match self.log_in().await {
            Ok(granted) => {
                self.step("Login", Ok(let_in(&granted, self.simulated)));
                doubts(&granted);
                self.tokens(test).await;
            }
            Err(refusal) => {
                self.step("Login", Err((Tried::Login, refusal)));
                for step in ["ZAK", "OBF", "Setup"] {
                    self.skip(step, "not tried: the login failed");
                }
            }
        }
        let Self { passed, failed, skipped, .. } = self;
        say(format_args!("\n{passed} passed, {failed} failed, {skipped} skipped"));
    }

    async fn log_in(&self) -> Result<Granted, Refusal> {
        // The login has a deadline of its own, which tells more than this one.
        answered(self.broker.send(LogIn).timeout(self.deadline * 2).await)
    }

    async fn tokens(&mut self, test: &Test) {
        let host = test.host.as_ref().ok_or("TEST_HOST_USER_ID");
        let participant = test.participant.as_ref().ok_or("TEST_PARTICIPANT_USER_ID");
        let meeting = test.meeting.ok_or("TEST_MEETING_ID");
        match host {
            Ok(user) => {
                let issued = self.issue(Mint::Zak { user: user.clone() }).await;
                self.token("ZAK", Tried::Zak, user, issued);
            }
            Err(_) => self.skip("ZAK", &unset([host.err()])),
        }
        match (participant, meeting) {
            (Ok(user), Ok(meeting)) => {
                let issued = self.issue(Mint::Obf { user: user.clone(), meeting }).await;
                self.token("OBF", Tried::Obf, user, issued);
            }
            _ => self.skip("OBF", &unset([participant.err(), meeting.err()])),
        }
        match (host, participant, meeting) {
            (Ok(host), Ok(participant), Ok(meeting)) => {
                let outcome = self.set_up(meeting, host, participant).await;
                self.step("Setup", outcome);
            }
            _ => self.skip("Setup", &unset([host.err(), participant.err(), meeting.err()])),
        }
    }

    async fn issue(&self, mint: Mint) -> Result<IssuedToken, Refusal> {
        answered(self.broker.send(mint.interactive()).timeout(self.deadline).await)
    }

    /// What `POST /api/meetings/setup` does.
    async fn set_up(
        &self,
        meeting: MeetingId,
        host: &UserId,
        participant: &UserId,
    ) -> Result<String, (Tried, Refusal)> {
        let participants = Roster::new([Named::User(participant.clone())]);
        let asked = Asked::new(Caller::Anyone, None, &RequestId::random());
        let of_host = |refusal| (Tried::Zak, refusal);
        let request = permit(&asked.caller, SetUpMeeting { meeting, host: host.clone(), participants });
        let (_zak, rows) = self.meetings.set_up(request.map_err(of_host)?, &asked).await.map_err(of_host)?;
        for BatchRow { outcome, .. } in rows {
            outcome.map_err(|refusal| (Tried::Obf, refusal))?;
        }
        Ok(format!("a ZAK for {host} and an OBF for {participant} in one call, for meeting {meeting}"))
    }

    fn token(&mut self, step: &str, tried: Tried, user: &UserId, issued: Result<IssuedToken, Refusal>) {
        let outcome = issued.map(|token| {
            let (length, life) = (token.token.reveal().len(), in_words(token.life()));
            // To the second.
            let end = token.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ");
            let simulated = if token.simulated { "; SIMULATED" } else { "" };
            format!("for {user}: {length} characters, good for {life}, until {end}{simulated}")
        });
        self.step(step, outcome.map_err(|refusal| (tried, refusal)));
    }

    fn step(&mut self, step: &str, outcome: Result<String, (Tried, Refusal)>) {
        match outcome {
            Ok(text) => {
                self.passed += 1;
                say(row('✓', step, &text));
            }
            Err((tried, refusal)) => {
                self.failed += 1;
                say(row('✗', step, &refusal.message));
                if let Some(said) = refusal.zoom.as_deref() {
                    let code = said.code.as_ref().map_or(String::new(), |code| format!(", code {code}"));
                    say(row(' ', "", &format!("(Zoom's answer: status {}{code})", said.status)));
                }
                let advice = advice(tried, &refusal);
                let again = self.told.contains(&advice);
                say(row(' ', "", if again { "What to do: as above." } else { &advice }));
                self.told.insert(advice);
            }
        }
    }

    fn skip(&mut self, step: &str, why: &str) {
        self.skipped += 1;
        say(row('–', step, why));
    }
}

fn row(mark: char, step: &str, text: &str) -> String {
    hanging(&format!("  {mark} {step:<6} "), text)
}

fn unset<const N: usize>(names: [Option<&str>; N]) -> String {
    let names: Vec<_> = names.into_iter().flatten().collect();
    format!("skipped: not set: {}", names.join(", "))
}

fn let_in(granted: &Granted, simulated: bool) -> String {
    let zoom = if simulated { "the simulated Zoom" } else { "Zoom" };
    let scopes = granted.scopes.join(" ");
    let told = if scopes.is_empty() { "Zoom tells none".to_owned() } else { scopes };
    format!("Successfully authenticated with {zoom}; scopes: {told}")
}

/// What the login went well in spite of.
fn doubts(granted: &Granted) {
    for (scope, tokens) in granted.missing_scopes() {
        let text = format!(
            "the app lacks {scope}, so {tokens} tokens may be refused: add it under Scopes on the app's page in the \
             Zoom App Marketplace, and activate the app again"
        );
        say(row('!', "Scope", &text));
    }
    if let Some(off) = granted.clock_off.filter(|off| *off > CLOCK_OFF) {
        let off = in_words(off);
        let text = format!(
            "this machine's clock and Zoom's are {off} apart, so tokens end sooner or later than they seem to: set \
             the clock, best by NTP"
        );
        say(row('!', "Clock", &text));
    }
}

fn answered<T>(answer: Result<Result<T, ZoomError>, MailboxError>) -> Result<T, Refusal> {
    answer.map_err(Refusal::from)?.map_err(Refusal::from)
}
