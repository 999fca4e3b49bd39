//! A report for whoever helps somebody whose calls do not go well. The person reads it before anybody else does, so it
//! is short and plain; and it names nobody: no number, no address of mail, machine or server, no name, no device's name.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::Instant;

use care4w_audio::{Device, Direction};
use care4w_calls::{CallStats, EndReason};

use crate::app_state::{
    AppState, ConnectionState, PhoneState, ServerState, SessionState, SessionStatus, SoundState, VerificationMode,
};
use crate::defaults::{DIAGNOSED_CALLS, DIAGNOSED_LOG_LINES};
use crate::logging;

/// What is remembered for the report: of calls nothing but their figures, for this run alone.
#[derive(Default)]
pub struct Diagnostics {
    calls: Mutex<VecDeque<EndedCall>>,
}

/// What of the picture the report is made from.
struct Parts<'a> {
    version: &'a str,
    connection: ConnectionState,
    server: &'a ServerState,
    session: &'a SessionState,
    phone: &'a PhoneState,
    sound: &'a SoundState,
}

struct EndedCall {
    ended: Instant,
    duration_ms: u64,
    reason: EndReason,
    stats: CallStats,
}

impl Diagnostics {
    /// Takes the last word on a call.
    pub fn call_ended(&self, stats: CallStats, duration_ms: u64, reason: EndReason) {
        let mut calls = self.calls.lock().expect("no one panics with the calls locked");
        calls.truncate(DIAGNOSED_CALLS - 1);
        calls.push_front(EndedCall { ended: Instant::now(), duration_ms, reason, stats });
    }

    /// The report, in English: `system` are further facts, each with its name.
    pub fn report(&self, state: &AppState, devices: &[Device], system: &[(&str, String)]) -> String {
        let AppState { version, connection, server, session, phone, sound, .. } = state;
        self.write(&Parts { version, connection: *connection, server, session, phone, sound }, devices, system)
    }

    fn write(&self, state: &Parts<'_>, devices: &[Device], system: &[(&str, String)]) -> String {
        let mut text = format!("Care4W {}\n", state.version);
        for (name, value) in system {
            line(&mut text, name, &without_secrets(value));
        }
        text.push_str("\nServer\n");
        line(&mut text, "where", if is_here(&state.server.url) { "this computer" } else { "elsewhere, over https" });
        line(
            &mut text,
            "connection",
            match state.connection {
                ConnectionState::Connecting => "being tried",
                ConnectionState::Online => "online",
                ConnectionState::Offline => "offline",
            },
        );
        line(
            &mut text,
            "proves numbers",
            match state.server.verification {
                VerificationMode::Off => "no",
                VerificationMode::Log => "by a code in its log",
                VerificationMode::Twilio => "by a code that Twilio sends",
            },
        );
        line(&mut text, "calls over Twilio", yes(state.server.twilio_active));
        line(&mut text, "signed in", yes(state.session.status == SessionStatus::SignedIn));
        if let Some(notice) = &state.session.notice {
            line(&mut text, "notice", &without_secrets(&notice.code));
        }
        line(&mut text, "has a number", yes(state.phone.full.is_some()));

        text.push_str("\nSound\n");
        for (name, direction) in [("microphones", Direction::Input), ("speakers", Direction::Output)] {
            let count = devices.iter().filter(|device| device.direction == direction).count();
            line(&mut text, name, &count.to_string());
        }
        let sound = state.sound;
        let chosen = |device: &Option<String>| if device.is_some() { "chosen" } else { "the system's" };
        line(&mut text, "microphone", chosen(&sound.microphone));
        line(&mut text, "speaker", chosen(&sound.speaker));
        line(&mut text, "echo, noise, loudness", &[sound.echo, sound.noise, sound.gain].map(yes).join(", "));

        text.push_str("\nLast calls of this run\n");
        let calls = self.calls.lock().expect("no one panics with the calls locked");
        if calls.is_empty() {
            text.push_str("  none\n");
        }
        for call in calls.iter() {
            text.push_str(&call.figures());
        }

        text.push_str("\nLast lines of the log\n");
        let log = logging::tail();
        if log.is_empty() {
            text.push_str("  none\n");
        }
        for entry in log.iter().skip(log.len().saturating_sub(DIAGNOSED_LOG_LINES)) {
            writeln!(text, "  {}", without_secrets(entry)).expect("a String takes all that is written");
        }
        text
    }
}

impl EndedCall {
    fn figures(&self) -> String {
        let stats = &self.stats;
        let figure = |value: Option<f64>, unit: &str| match value {
            Some(value) => format!("{value:.1} {unit}"),
            None => "–".to_owned(),
        };
        format!(
            "  {} min ago: {} s, {}; round trip {}, jitter {}, lost {}, made up for {}, buffer {}, score {}, path {}, \
             {} sent, {} received\n",
            self.ended.elapsed().as_secs() / 60,
            self.duration_ms / 1000,
            self.reason.code(),
            figure(stats.rtt_ms, "ms"),
            figure(stats.jitter_ms, "ms"),
            figure(stats.loss_percent, "%"),
            figure(stats.concealed_percent, "%"),
            figure(stats.buffer_ms, "ms"),
            figure(stats.mos, "of 5"),
            stats.path.map_or_else(|| "–".to_owned(), |path| format!("{path:?}").to_lowercase()),
            stats.sent,
            stats.received,
        )
    }
}

fn line(text: &mut String, name: &str, value: &str) {
    writeln!(text, "  {name}: {value}").expect("a String takes all that is written");
}

fn yes(on: bool) -> &'static str {
    if on { "yes" } else { "no" }
}

fn is_here(server: &str) -> bool {
    server.starts_with("http://")
}

/// Digits in a row, signs between them left out, from which on they could be somebody's number.
const DIGITS_OF_A_NUMBER: usize = 6;

/// The text without words that could say who or where somebody is. Our own logs hold none; the report is given away, so
/// it is looked at once more.
fn without_secrets(text: &str) -> String {
    text.split(' ').map(|word| if is_secret(word) { "<removed>" } else { word }).collect::<Vec<_>>().join(" ")
}

fn is_secret(word: &str) -> bool {
    let value = word.rsplit_once('=').map_or(word, |(_, value)| value);
    let bare = value.trim_matches(|c: char| !c.is_alphanumeric() && c != ':');
    let digits = word.chars().filter(char::is_ascii_digit).count();
    word.contains('@')
        || word.contains("://")
        || word.to_ascii_lowercase().contains("care4w-")
        || is_path(value.trim_matches(|c: char| "\"'(),".contains(c)))
        || bare.parse::<std::net::IpAddr>().is_ok()
        || bare.parse::<std::net::SocketAddr>().is_ok()
        || digits >= DIGITS_OF_A_NUMBER
}

/// Most begin with somebody's name.
fn is_path(value: &str) -> bool {
    value.starts_with('/') || value.starts_with('~') || value.contains(":\\") || value.starts_with("\\\\")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Problem;
    use crate::app_state::User;

    const PRIVATE: [&str; 11] = [
        "Amina",
        "amina@example.org",
        "K7MX2QP",
        "712345678",
        "712 345 678",
        "733000222",
        "phone.example.org",
        "Jabra",
        "Wanjiru",
        "192.0.2.7",
        "2001:db8::7",
    ];

    fn report_of_somebody(diagnostics: &Diagnostics, devices: &[Device], system: &[(&str, String)]) -> String {
        let server = ServerState {
            url: "https://phone.example.org/".into(),
            default_region: "KE".into(),
            verification: VerificationMode::Off,
            twilio_active: false,
            echo_line: Some("care4w-ECHO234".into()),
        };
        let user = User {
            display_name: "Amina Wanjiru".into(),
            email: "amina@example.org".into(),
            care4w_id: "care4w-K7MX2QP".into(),
        };
        let notice = Some(Problem::new("NO_KEYCHAIN", "Amina's keychain"));
        let phone = PhoneState {
            number: Some("+254 712 345 678".into()),
            full: Some("+254712345678".into()),
            pending: Some("+254733000222".into()),
            ..PhoneState::default()
        };
        let parts = Parts {
            version: "0.1.0",
            connection: ConnectionState::Online,
            server: &server,
            session: &SessionState { status: SessionStatus::SignedIn, user: Some(user), notice },
            phone: &phone,
            sound: &SoundState { microphone: Some("alsa:Jabra".into()), ..SoundState::default() },
        };
        diagnostics.write(&parts, devices, system)
    }

    #[test]
    fn nothing_private_is_in_the_report() {
        let diagnostics = Diagnostics::default();
        let stats = CallStats { rtt_ms: Some(12.0), sent: 1_234_567, ..CallStats::default() };
        diagnostics.call_ended(stats, 61_000, EndReason::HungUp);
        let device = Device {
            id: "alsa:Jabra".into(),
            name: "Jabra of Amina".into(),
            direction: Direction::Input,
            is_default: true,
        };
        let system = [("system", "Linux, in /Users/amina".to_owned()), ("host", "192.0.2.7".to_owned())];
        let report = report_of_somebody(&diagnostics, &[device], &system);
        for private in PRIVATE {
            assert!(!report.contains(private), "{private} is in the report:\n{report}");
        }
        assert!(report.contains("microphones: 1") && report.contains("speakers: 0"), "{report}");
        assert!(report.contains("61 s, HUNG_UP; round trip 12.0 ms"), "{report}");
        assert!(report.contains("has a number: yes") && report.contains("NO_KEYCHAIN"), "{report}");
    }

    #[test]
    fn a_line_of_the_log_is_looked_at_once_more() {
        for secret in [
            "amina@example.org",
            "+254712345678",
            "0712-345678",
            "care4w-K7MX2QP",
            "192.0.2.7:4780",
            "address=2001:db8::7",
            "[2001:db8::7]:443",
            "https://phone.example.org/api",
            "path=\"/Users/amina/x\"",
            "(C:\\Users\\amina\\x)",
        ] {
            let said = without_secrets(&format!("WARN care4w_client: no way to {secret} now"));
            assert_eq!(said, "WARN care4w_client: no way to <removed> now", "{secret}");
        }
        let plain = "12.3 s WARN care4w_calls::line: call ended code=HUNG_UP after=61";
        assert_eq!(without_secrets(plain), plain);
    }

    #[test]
    fn only_the_last_calls_are_kept() {
        let diagnostics = Diagnostics::default();
        for _ in 0..DIAGNOSED_CALLS * 2 {
            diagnostics.call_ended(CallStats::default(), 0, EndReason::Busy);
        }
        let report = report_of_somebody(&diagnostics, &[], &[]);
        assert_eq!(report.matches("BUSY").count(), DIAGNOSED_CALLS);
    }
}
