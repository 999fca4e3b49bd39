//! `care4w-server`: flags, logs and signals around the library.

use std::future::Future;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use care4w_protocol::rest::Verification;
use care4w_server::admin::Users;
use care4w_server::config::{Config, ConfigError, File, Given};
use care4w_server::import::Import;
use care4w_server::mail::MailGiven;
use care4w_server::twilio::settings::Twilio;
use clap::{Args, Parser, Subcommand};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// The server of Care4W.
#[derive(Parser)]
#[command(name = "care4w-server", version, about, args_conflicts_with_subcommands = false)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Args)]
struct Settings {
    /// Address to listen on; port 0 picks one [default: 127.0.0.1:4780]
    #[arg(long, value_name = "HOST:PORT", env = "CARE4W_LISTEN", global = true, value_parser = address)]
    listen: Option<String>,
    /// sqlite:FILE or postgres://… [default: sqlite:care4w.db]
    #[arg(long, value_name = "URL", env = "CARE4W_DATABASE", global = true, hide_env_values = true)]
    database: Option<String>,
    /// local or nats://… [default: local]
    #[arg(long, value_name = "URL", env = "CARE4W_BUS", global = true, hide_env_values = true)]
    bus: Option<String>,
    /// A file with settings (TOML)
    #[arg(long, value_name = "FILE", env = "CARE4W_CONFIG", global = true)]
    config: Option<PathBuf>,
    /// E-mail address or care4wId of the account that answers and plays back what it hears
    #[arg(long, value_name = "ACCOUNT", env = "CARE4W_ECHO_LINE", global = true)]
    echo_line: Option<String>,
    /// Mail server for links to a new password: smtps://USER:PASSWORD@HOST
    #[arg(long, value_name = "URL", env = "CARE4W_SMTP_URL", global = true, hide_env_values = true)]
    smtp_url: Option<String>,
    /// Whom letters come from: Care4W <care4w@example.org>
    #[arg(long, value_name = "ADDRESS", env = "CARE4W_MAIL_FROM", global = true)]
    mail_from: Option<String>,
    /// Where people reach this server, for links in letters [default: where it listens]
    #[arg(long, value_name = "URL", env = "CARE4W_PUBLIC_URL", global = true)]
    public_url: Option<String>,
    /// Whether and how a number is proved before it counts: off, log or twilio [default: off]
    #[arg(long, value_name = "HOW", env = "CARE4W_VERIFICATION", global = true, value_parser = verification)]
    verification: Option<Verification>,
}

#[derive(Subcommand)]
enum Command {
    /// Bring users of the web app over; says as JSON what came of it
    Import {
        /// JSON: one user a line, or an array of them
        file: PathBuf,
        /// Where refused users are written, one JSON object a line [default: FILE.refused.jsonl]
        #[arg(long, value_name = "FILE")]
        report: Option<PathBuf>,
    },
    /// Look after users
    User {
        #[command(subcommand)]
        action: UserAction,
    },
}

#[derive(Subcommand)]
enum UserAction {
    /// List them: care4wId, e-mail address, name, one a line
    List,
    /// Set a new random password, print it, and end the user's sign-ins
    ResetPassword {
        /// E-mail address
        email: String,
    },
    /// Give a user a number of the Twilio account: who calls it calls them
    AssignNumber {
        /// E-mail address
        email: String,
        /// With its country: +12025550143
        number: String,
    },
    /// Take a number of the Twilio account back
    TakeNumberBack {
        /// With its country: +12025550143
        number: String,
    },
    /// Delete a user and all that belongs to them
    Delete {
        /// E-mail address
        email: String,
    },
}

fn address(text: &str) -> Result<String, &'static str> {
    let (host, port) = text.rsplit_once(':').ok_or("give host and port, such as 127.0.0.1:4780")?;
    if host.is_empty() || port.parse::<u16>().is_err() {
        return Err("give host and port, such as 127.0.0.1:4780");
    }
    Ok(text.to_owned())
}

fn verification(text: &str) -> Result<Verification, &'static str> {
    match text {
        "off" => Ok(Verification::Off),
        "log" => Ok(Verification::Log),
        "twilio" => Ok(Verification::Twilio),
        _ => Err("give off, log or twilio"),
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    start_logs();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("care4w-server: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(act(cli));
    // Nothing that still runs on a blocking thread may hold up the exit.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("care4w-server: {}", one_line(&error));
            let usage = error.downcast_ref::<ConfigError>().is_some_and(ConfigError::is_usage);
            ExitCode::from(if usage { 2 } else { 1 })
        }
    }
}

/// What went wrong and, where something below knows why, the why: without line breaks, and no cause twice (ours name
/// theirs in their own sentence).
fn one_line(error: &anyhow::Error) -> String {
    let (said, why) = (error.to_string(), error.root_cause().to_string());
    let whole = if said.contains(&why) { said } else { format!("{said}: {why}") };
    whole.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn act(cli: Cli) -> anyhow::Result<()> {
    let file = cli.settings.config.as_deref().map(File::read).transpose()?.unwrap_or_default();
    let Settings { listen, database, bus, echo_line, smtp_url, mail_from: from, public_url, verification, config: _ } =
        cli.settings;
    let twilio = Twilio::from_environment(|name| std::env::var(name).ok()).map_err(ConfigError::from)?;
    let mail = MailGiven { smtp_url, from, public_url };
    let given = Given { listen, database, bus, echo_line, mail, verification, twilio };
    let config = Config::resolve(given, file)?;
    match cli.command {
        None => serve(config).await,
        Some(Command::Import { file, report }) => import(&config, file, report).await,
        Some(Command::User { action }) => look_after_users(&config, action).await,
    }
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let signal = stop_signal().context("cannot wait for signals")?;
    let running = care4w_server::run(config).await?;
    let url = running.url();
    println!("{}", serde_json::json!({ "listening": url }));
    tracing::info!("listening");
    running.stop_after(signal).await?;
    Ok(())
}

async fn import(config: &Config, file: PathBuf, report: Option<PathBuf>) -> anyhow::Result<()> {
    // Nobody has proved them here; where numbers are not verified, each counts all the same.
    let import = Import { file, report, numbers_proved: false };
    import.check()?;
    let users = Users::open(&config.database, config.uniqueness).await?;
    let summary = users.import(&import).await;
    users.close().await;
    println!("{}", serde_json::to_string(&summary?)?);
    Ok(())
}

async fn look_after_users(config: &Config, action: UserAction) -> anyhow::Result<()> {
    let users = Users::open(&config.database, config.uniqueness).await?;
    match action {
        UserAction::List => {
            for account in users.list().await? {
                println!("{}\t{}\t{}", account.care4w_id, account.email, account.display_name);
            }
        }
        UserAction::ResetPassword { email } => println!("{}", users.reset_password(&email).await?.expose()),
        UserAction::AssignNumber { email, number } => users.assign_number(&email, &number).await?,
        UserAction::TakeNumberBack { number } => users.take_number_back(&number).await?,
        UserAction::Delete { email } => users.delete(&email).await?,
    }
    users.close().await;
    Ok(())
}

#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

/// Logs go to stderr, one JSON object a line; `CARE4W_LOG` (else `RUST_LOG`) says how much, `info` unless said. What
/// is not ours stays at `info` whatever is asked: at TRACE libraries write out frames, headers and addresses.
fn start_logs() {
    let asked = std::env::var("CARE4W_LOG").or_else(|_| std::env::var("RUST_LOG")).unwrap_or_default();
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).parse_lossy(asked);
    let ours = Targets::new().with_default(LevelFilter::INFO).with_target("care4w", LevelFilter::TRACE);
    let lines =
        tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr).with_filter(ours).with_filter(filter);
    tracing_subscriber::registry().with(lines).init();
}
