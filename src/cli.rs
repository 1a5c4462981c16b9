//! The commands: `serve` (also without a word), `check`, `token` and `simulate`.
//!
//! Here the parts are put together: configuration, the simulator where it is asked for, the hub, and what a signal
//! means.

mod access;
mod advice;
mod banner;
mod check;
mod help;
mod logging;
mod settings;
mod token;
mod wrap;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use log::{info, warn};
use thiserror::Error;
use tokio::signal::unix::{Signal, SignalKind, signal};
use url::Url;

use crate::config::{Config, ConfigError, Credentials, Source, Upstream};
use crate::simulator::{self, Simulator, SimulatorError};
use crate::web::{App, AppError, Mode, open_files};
use crate::zoom::ClientError;

/// The version, with the commit that it was built from where that is known.
const VERSION: &str = env!("ZOOM_TOKEN_HUB_VERSION");

/// Gets Zoom meeting tokens and hands each to the one person or bot it belongs to.
#[derive(Debug, Parser)]
#[command(version = VERSION, about, after_long_help = help::variables())]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the hub (the default). Configured by environment variables and `.env`.
    Serve,
    /// Log in at Zoom, ask for the TEST_… tokens, and say what to do about what fails.
    Check,
    /// Print a credential for development, signed with `AUTH_JWT_SECRET`.
    Token(token::Asked),
    /// Serve a stand-in for Zoom's API alone, on loopback.
    Simulate {
        /// The port; 0 takes any free one.
        #[arg(long, default_value_t = 4000)]
        port: u16,
    },
}

/// Why the program ends without having done what it was told.
#[derive(Debug, Error)]
enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Token(#[from] token::TokenError),
    #[error(transparent)]
    App(#[from] AppError),
    #[error(transparent)]
    Simulator(#[from] SimulatorError),
    #[error("the simulator's address {0:?} is no URL")]
    Address(String),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Failure {
    /// 2: told wrongly; 1: could not.
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(_) | Self::App(AppError::Client(ClientError::Roots) | AppError::Key(_)) => {
                ExitCode::from(2)
            }
            Self::Token(error) if error.is_told_wrongly() => ExitCode::from(2),
            Self::Token(_) | Self::App(_) | Self::Simulator(_) | Self::Address(_) | Self::Io(_) => {
                ExitCode::from(1)
            }
        }
    }
}

/// Runs the program.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(told) => {
            // Also `--help` and `--version`. Where even this can't be written, the code says it.
            told.print().ok();
            return ExitCode::from(u8::try_from(told.exit_code()).unwrap_or(2));
        }
    };
    let system = actix_web::rt::System::new();
    let ended = system.block_on(async {
        match cli.command.unwrap_or(Command::Serve) {
            Command::Serve => serve().await.map(|()| ExitCode::SUCCESS),
            Command::Check => {
                check::check().await.map(|fine| if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
            }
            Command::Token(asked) => token::token(asked).map(|()| ExitCode::SUCCESS),
            Command::Simulate { port } => simulate(port).await.map(|()| ExitCode::SUCCESS),
        }
    });
    match ended {
        Ok(code) => code,
        Err(failure) => {
            // Standard error is where it belongs; where that is gone, the exit code is all there is.
            writeln!(io::stderr(), "zoom-token-hub: {failure}").ok();
            failure.exit_code()
        }
    }
}

async fn serve() -> Result<(), Failure> {
    let config = Config::load()?;
    logging::start(&config.log_filter);
    open_files::raise();
    let stop = Stop::listen()?;
    let (upstream, simulator) = upstream(&config).await?;
    let mode = if simulator.is_some() { Mode::Simulator } else { Mode::Zoom };
    let app = App::build(&config, &upstream, mode)?;
    banner::announce(&config, &app.addresses(), simulator.as_ref());
    drop(actix_web::rt::spawn(banner::tell_of_login(app.health(), simulator.is_some())));
    for notice in &config.notices {
        warn!("{notice}");
    }
    app.run(stop.asked()).await?;
    if let Some(simulator) = simulator {
        simulator.stop().await;
    }
    info!("stopped");
    Ok(())
}

/// Whom the hub asks for tokens: Zoom, or a simulator that is started for it.
async fn upstream(config: &Config) -> Result<(Upstream, Option<Simulator>), Failure> {
    match &config.zoom.source {
        Source::Zoom(upstream) => Ok((upstream.clone(), None)),
        Source::Simulator => {
            let simulator = simulator::start(simulator::Settings::default()).await?;
            Ok((simulated(&simulator)?, Some(simulator)))
        }
    }
}

/// The simulator in Zoom's place.
fn simulated(simulator: &Simulator) -> Result<Upstream, Failure> {
    let url = |text: String| Url::parse(&text).map_err(|_odd| Failure::Address(text));
    let settings = simulator.settings();
    Ok(Upstream {
        credentials: Credentials {
            client_id: settings.client_id.clone(),
            client_secret: settings.client_secret.clone(),
            account_id: settings.account_id.clone(),
        },
        oauth_url: url(simulator.oauth_url())?,
        api_url: url(simulator.api_url())?,
        extra_roots: None,
    })
}

async fn simulate(port: u16) -> Result<(), Failure> {
    logging::start("info,actix_server=warn,actix_http=off");
    let stop = Stop::listen()?;
    let simulator = simulator::start(simulator::Settings { port, ..simulator::Settings::default() }).await?;
    banner::introduce(&simulator);
    stop.asked().await;
    simulator.stop().await;
    Ok(())
}

/// SIGTERM and Ctrl-C: the first asks for a stop, a second ends the process at once.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Ends at the first signal.
    async fn asked(mut self) {
        self.next().await;
        actix_web::rt::spawn(async move {
            self.next().await;
            std::process::exit(1);
        });
    }
}
