//! A host presses the button again and again: when the tokens came, and what they cost.

use std::time::Duration;

use tokio::time::sleep;

use crate::Attempt;
use crate::clients::Crowd;
use crate::figures::number;
use crate::press::press;
use crate::scenarios::MEETING;

/// Until the last receipts, too, have been taken.
const SETTLED: Duration = Duration::from_millis(100);

/// What all of them gave, and what was spent by each of those who were metered.
#[derive(Debug)]
pub(crate) struct Presses<const METERED: usize> {
    pub(crate) spent: [Duration; METERED],
    /// From the press to each token.
    pub(crate) after: Vec<Duration>,
    /// From the press to the last token, of each.
    pub(crate) last: Vec<Duration>,
    pub(crate) delivered: usize,
    pub(crate) astray: usize,
    pub(crate) notes: Vec<String>,
}

impl<const METERED: usize> Presses<METERED> {
    /// So many, one after the other; the meter tells what has been spent so far.
    pub(crate) async fn play(
        host: &mut Crowd,
        participants: &mut Crowd,
        count: usize,
        meter: impl Fn() -> Attempt<[Duration; METERED]>,
    ) -> Attempt<Self> {
        let mut all = Self {
            spent: [Duration::ZERO; METERED],
            after: Vec::new(),
            last: Vec::new(),
            delivered: 0,
            astray: 0,
            notes: Vec::new(),
        };
        for _ in 0..count {
            let before = meter()?;
            let pressed = press(host, participants.users(), MEETING).await?;
            sleep(SETTLED).await;
            let since = meter()?.into_iter().zip(before);
            let spent = all.spent.iter_mut().zip(since);
            spent.for_each(|(spent, (after, before))| *spent += after.saturating_sub(before));
            let receipts = pressed.receipts(participants).await?;
            all.last.extend(receipts.after.last());
            all.astray += receipts.astray;
            all.after.extend(receipts.after);
            all.delivered += pressed.report.successful;
            all.notes.extend(pressed.failures());
        }
        Ok(all)
    }

    pub(crate) fn tokens_a_second(&self) -> f64 {
        let took: Duration = self.last.iter().sum();
        number(self.delivered) / took.as_secs_f64()
    }
}
