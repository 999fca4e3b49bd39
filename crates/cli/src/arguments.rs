//! The command line.

use std::path::PathBuf;

use care4w_client::audio::DeviceSelector;
use clap::{Args, Parser, Subcommand};

/// The phone without a window.
#[derive(Debug, Parser)]
#[command(name = "care4w-cli", version, about, propagate_version = true, disable_help_subcommand = true)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What holds for every command, before or after it.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// The server's address: https, or http to this computer. Remembered by the profile once signed in.
    #[arg(long, global = true, env = "CARE4W_SERVER", value_name = "URL")]
    pub server: Option<String>,
    /// Folder of the profile. Profiles are apart in every way.
    #[arg(long, global = true, env = "CARE4W_PROFILE", value_name = "DIR")]
    pub profile: Option<PathBuf>,
    /// One JSON object a line on stdout.
    #[arg(long, global = true)]
    pub json: bool,
    /// Keep the session in DIR/session.json (mode 0600) where there is no keychain.
    #[arg(long, global = true)]
    pub insecure_file_credentials: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create an account and sign in.
    Register {
        /// E-mail address.
        #[arg(long)]
        email: String,
        /// Name as others read it.
        #[arg(long)]
        name: String,
        #[command(flatten)]
        password: PasswordStdin,
    },
    /// Sign in.
    Login {
        /// E-mail address.
        #[arg(long)]
        email: String,
        #[command(flatten)]
        password: PasswordStdin,
    },
    /// Sign out of this profile.
    Logout {
        /// End the sign-ins on all other devices too.
        #[arg(long)]
        everywhere: bool,
    },
    /// Who is signed in.
    Whoami,
    /// The password.
    #[command(subcommand)]
    Password(PasswordCommand),
    /// The account itself.
    #[command(subcommand)]
    Account(AccountCommand),
    /// The personal phone number.
    #[command(subcommand)]
    Phone(PhoneCommand),
    /// Block somebody: they no longer reach or find you, and cannot tell.
    Block {
        /// Their Care4W ID.
        id: String,
        /// What you call them; kept in your list.
        #[arg(long)]
        name: Option<String>,
    },
    /// Let somebody through again.
    Unblock {
        /// Their Care4W ID.
        id: String,
    },
    /// Whom you have blocked, newest first.
    Blocked,
    /// Who would be called, and how.
    Lookup {
        /// A phone number or a Care4W ID.
        #[arg(allow_hyphen_values = true)]
        destination: String,
        /// Region (KE) or calling code (254) in which a number without + is read.
        #[arg(long)]
        country: Option<String>,
        /// Call people who use Care4W over the internet first, and over Twilio only where that reaches nobody.
        #[arg(long)]
        free: bool,
    },
    /// Read numbers, one a line, from stdin and say of each what it is. Needs no server.
    Number {
        /// Region (KE) or calling code (254) in which numbers without + are read.
        #[arg(long)]
        country: Option<String>,
    },
    /// Call somebody.
    Call(Call),
    /// Wait for calls and answer them.
    Answer(Answer),
    /// The calls that were, newest first.
    History(History),
    /// Audio devices.
    Devices,
    /// Check sound, server, ICE, TURN and Twilio.
    Doctor,
}

impl Command {
    /// The country that was given, whatever the command.
    pub fn country(&self) -> Option<&str> {
        match self {
            Self::Lookup { country, .. } | Self::Number { country } => country.as_deref(),
            Self::Call(call) => call.country.as_deref(),
            Self::Phone(PhoneCommand::Check(number) | PhoneCommand::Set(number)) => number.country.as_deref(),
            _ => None,
        }
    }

    /// The number or id that was given, whatever the command.
    pub fn typed(&self) -> Option<&str> {
        match self {
            Self::Lookup { destination, .. } => Some(destination),
            Self::Call(call) => Some(&call.destination),
            Self::Phone(PhoneCommand::Check(number) | PhoneCommand::Set(number)) => Some(&number.number),
            Self::Block { id, .. } | Self::Unblock { id } => Some(id),
            _ => None,
        }
    }
}

#[derive(Debug, Args)]
pub struct PasswordStdin {
    /// Read the password from stdin; one newline at its end is stripped.
    #[arg(long, required = true)]
    pub password_stdin: bool,
}

#[derive(Debug, Subcommand)]
pub enum PasswordCommand {
    /// Change it: two lines on stdin, the password until now and the one from now on. Your other sign-ins end.
    Change,
    /// Have a one-time link to a new one sent by mail.
    Forgot {
        /// E-mail address.
        #[arg(long)]
        email: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Delete the account and all that belongs to it, for good.
    Delete {
        /// Yes, for good.
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Finders {
    /// Anybody who types the number.
    Everyone,
    /// Nobody.
    Nobody,
}

#[derive(Debug, Subcommand)]
pub enum PhoneCommand {
    /// The number as the server has it.
    Show,
    /// Whether a number is free.
    Check(Number),
    /// Make a number yours.
    Set(Number),
    /// Prove the number by the code that was sent.
    Verify {
        /// The six digits.
        code: String,
    },
    /// Send the code again.
    Resend,
    /// Give the number up.
    Remove,
    /// Say who may find you by your number.
    Discoverable {
        /// Who.
        who: Finders,
    },
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct History {
    /// So many of them.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
    #[command(subcommand)]
    pub command: Option<HistoryCommand>,
}

#[derive(Debug, Subcommand)]
pub enum HistoryCommand {
    /// Write all of them as a table for spreadsheets (CSV); a file of that name is replaced.
    Export {
        /// The file; - is stdout.
        #[arg(value_name = "FILE.csv")]
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub struct Number {
    /// The number.
    #[arg(value_name = "N", allow_hyphen_values = true)]
    pub number: String,
    /// Region (KE) or calling code (254) in which a number without + is read.
    #[arg(long)]
    pub country: Option<String>,
}

#[derive(Debug, Args)]
pub struct Sound {
    /// Microphone: a device id, file:PATH.wav, or none.
    #[arg(long, value_name = "M", default_value = "default")]
    pub mic: DeviceSelector,
    /// Speaker: a device id, file:PATH.wav, or none.
    #[arg(long, value_name = "S", default_value = "default")]
    pub speaker: DeviceSelector,
    /// Save data in pauses: leave them out of what is sent, and ask the other end to (DTX).
    #[arg(long)]
    pub dtx: bool,
    /// Be heard 10 ms sooner, for twice as many packets (10 ms each), while the network loses none.
    #[arg(long)]
    pub low_delay: bool,
}

#[derive(Debug, Args)]
pub struct Call {
    /// A phone number or a Care4W ID.
    #[arg(allow_hyphen_values = true)]
    pub destination: String,
    /// Region (KE) or calling code (254) in which a number without + is read.
    #[arg(long)]
    pub country: Option<String>,
    #[command(flatten)]
    pub sound: Sound,
    /// Hang up this many seconds after the call connected.
    #[arg(long, value_name = "N")]
    pub seconds: Option<f64>,
    /// Digits to send once connected; w waits half a second.
    #[arg(long)]
    pub digits: Option<String>,
    /// Call also when the number belongs to somebody in another country.
    #[arg(long)]
    pub yes: bool,
    /// Call people who use Care4W over the internet first, and over Twilio only where that reaches nobody.
    #[arg(long)]
    pub free: bool,
    /// Ring my own verified telephone and connect it with the number; the sound is there. For servers with Twilio.
    #[arg(long, conflicts_with_all = ["mic", "speaker", "seconds", "digits", "dtx", "low_delay", "free"])]
    pub ring_my_phone: bool,
}

#[derive(Debug, Args)]
pub struct Answer {
    #[command(flatten)]
    pub sound: Sound,
    /// End after this many calls.
    #[arg(long, value_name = "N")]
    pub calls: Option<u32>,
    /// End this many seconds after the start.
    #[arg(long, value_name = "N")]
    pub seconds: Option<f64>,
    /// Greet every caller and play back what they say: the echo line.
    #[arg(long, hide = true, conflicts_with_all = ["mic", "speaker"])]
    pub echo: bool,
}
