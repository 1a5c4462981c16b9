//! A host presses the button: from then on, when each participant had its token, and what the report says.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::Attempt;
use crate::clients::{Crowd, Heard};
use crate::frames::{Event, Report};

/// Until a report comes; the longest distribution here takes a tenth of it.
const PATIENCE: Duration = Duration::from_secs(150);

/// A distribution that has ended.
#[derive(Debug)]
pub(crate) struct Pressed {
    at: Instant,
    /// From the press to the report; none where the distribution was refused as a whole.
    pub(crate) report_after: Option<Duration>,
    pub(crate) report: Report,
    /// Why it was refused.
    refused: Option<String>,
}

/// When the tokens of a distribution came.
#[derive(Debug)]
pub(crate) struct Receipts {
    /// From the press to each token, the earliest first.
    pub(crate) after: Vec<Duration>,
    /// Tokens that somebody had twice or that are another's, and those that the report tells of but nobody had.
    pub(crate) astray: usize,
    participants: usize,
}

/// Has the only client of `host` distribute to these users, and waits for its report.
pub(crate) async fn press(host: &mut Crowd, users: &[String], meeting: &str) -> Attempt<Pressed> {
    let data = json!({"meetingId": meeting, "hostUserId": host.user(0), "participantUserIds": users});
    let at = Instant::now();
    host.send(0, "meeting:distribute", &data, meeting).await?;
    while let Some(Heard { at: heard, event, .. }) = host.hear(at + PATIENCE).await? {
        match event {
            Event::Report(report) => {
                return Ok(Pressed { at, report_after: Some(heard - at), report, refused: None });
            }
            Event::Refused { code } => {
                let report = Report::default();
                return Ok(Pressed { at, report_after: None, report, refused: Some(code) });
            }
            Event::Authenticated | Event::Token { .. } | Event::Pong | Event::Other => {}
        }
    }
    Err(format!("no report within {} s", PATIENCE.as_secs()).into())
}

impl Pressed {
    /// What the participants had of it by now.
    pub(crate) async fn receipts(&self, participants: &mut Crowd) -> Attempt<Receipts> {
        Receipts::since(self.at, self.report.successful, participants).await
    }

    /// The codes of the rows that failed, or of the whole, in words; none where nothing did.
    pub(crate) fn failures(&self) -> Option<String> {
        if let Some(code) = &self.refused {
            return Some(format!("a distribution was refused: {code}"));
        }
        let codes = self.report.codes();
        let codes: Vec<_> = codes.iter().map(|(code, count)| format!("{count} {code}")).collect();
        (!codes.is_empty()).then(|| format!("rows that failed: {}", codes.join(", ")))
    }
}

impl Receipts {
    /// What the participants had by now of all that was distributed since, of which reports tell so many tokens.
    pub(crate) async fn since(press: Instant, told: usize, participants: &mut Crowd) -> Attempt<Self> {
        let mut had = vec![0_usize; participants.users().len()];
        let (mut after, mut strangers) = (Vec::new(), 0);
        for Heard { client, at, event, .. } in participants.rest().await? {
            if let Event::Token { of, .. } = event {
                after.push(at - press);
                if of != participants.user(client) {
                    strangers += 1;
                } else if let Some(had) = had.get_mut(client) {
                    *had += 1;
                }
            }
        }
        after.sort_unstable();
        let twice: usize = had.iter().map(|had| had.saturating_sub(1)).sum();
        let one = had.iter().filter(|had| **had > 0).count();
        let lost = told.saturating_sub(one + strangers);
        Ok(Self { after, astray: strangers + twice + lost, participants: had.len() })
    }

    /// When the last participant had its token; none if somebody had none.
    pub(crate) fn all_after(&self) -> Option<Duration> {
        self.after.last().copied().filter(|_| self.after.len() >= self.participants)
    }
}
