//! A part of the driver that is a process of its own: told by lines of JSON, it answers each with one, and ends when its
//! standard input does.

use std::io::{self, BufRead, Write};
use std::process::Stdio;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::process::{self, Usage};
use crate::{Attempt, due};

const DEADLINE: Duration = Duration::from_secs(10);

/// The process, as the driver holds it.
#[derive(Debug)]
pub(crate) struct Offshoot {
    child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Offshoot {
    /// Starts the driver's own binary with the word by which it becomes this part.
    pub(crate) fn start(command: &str) -> Attempt<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(format!("the {command} has no pipes").into());
        };
        Ok(Self { child, orders, answers: BufReader::new(answers).lines() })
    }

    /// The next line that it says.
    pub(crate) async fn line(&mut self) -> Attempt<String> {
        let line = due("a part of the driver", DEADLINE, self.answers.next_line()).await??;
        Ok(line.ok_or("a part of the driver has ended")?)
    }

    pub(crate) async fn order<T: DeserializeOwned>(&mut self, order: &impl Serialize) -> Attempt<T> {
        let line = serde_json::to_string(order)? + "\n";
        due("room for an order", DEADLINE, self.orders.write_all(line.as_bytes())).await??;
        Ok(serde_json::from_str(&self.line().await?)?)
    }

    pub(crate) fn usage(&self) -> Attempt<Usage> {
        process::usage(self.child.id().ok_or("a part of the driver has ended")?)
    }

    /// Has it end, and with it all that it has open.
    pub(crate) async fn end(self) -> Attempt<()> {
        let Self { mut child, orders, .. } = self;
        drop(orders);
        due("the end of a part of the driver", DEADLINE, child.wait()).await??;
        Ok(())
    }
}

/// The part's own side: the orders that come. A read of standard input can't be given up, so it has a thread of its own;
/// the process ends without it.
pub(crate) fn orders() -> UnboundedReceiver<String> {
    let (sender, orders) = unbounded_channel();
    drop(std::thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    }));
    orders
}

/// The part's own side: what it says.
pub(crate) fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
