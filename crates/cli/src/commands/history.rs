//! The calls of this profile, and of the server what was missed elsewhere.

use std::io::{self, Write};
use std::path::Path;

use care4w_client::Phone;
use care4w_client::history::{HistoryCall, HistoryCursor};
use care4w_client::store::replace_file;

use crate::arguments::{History, HistoryCommand};
use crate::failure::Failure;
use crate::output::Output;
use crate::profile::Profile;

pub async fn run(profile: &Profile, arguments: History, output: Output) -> Result<(), Failure> {
    let phone = profile.phone_with_history();
    let done = show(&phone, arguments, output).await;
    phone.shut_down().await;
    done
}

async fn show(phone: &Phone, arguments: History, output: Output) -> Result<(), Failure> {
    super::signed_in(phone).await?;
    phone.history_update().await;
    match arguments.command {
        None => list(phone, arguments.limit, output).await?,
        Some(HistoryCommand::Export { file }) => {
            let table = phone.history_table().await?;
            write(&file, table.as_bytes()).map_err(|error| {
                Failure::new("EXPORT_FAILED", format!("{} can't be written: {error}.", file.display()))
            })?;
        }
    }
    if phone.history_was_damaged() {
        eprintln!("care4w-cli: the calls kept until now can't be read; they are set aside as history.sqlite.damaged.");
    }
    Ok(())
}

async fn list(phone: &Phone, limit: usize, output: Output) -> Result<(), Failure> {
    let mut left = limit;
    let mut before: Option<HistoryCursor> = None;
    while left > 0 {
        let page = phone.history("", before.as_ref()).await?;
        let Some(last) = page.last() else { break };
        before = Some(HistoryCursor { started_at: last.started_at.clone(), id: last.id.clone() });
        for call in page.iter().take(left) {
            if !output.say(call, || plain(call)) {
                return Ok(());
            }
        }
        left = left.saturating_sub(page.len());
    }
    Ok(())
}

fn plain(call: &HistoryCall) -> String {
    let name = call.name.as_ref().map(|name| format!("{name} ")).unwrap_or_default();
    let long = call.duration_ms.map(|ms| format!(", {} s", ms / 1000)).unwrap_or_default();
    format!("{}  {}  {name}{}{long}", call.started_at, call.kind.words(), call.detail)
}

fn write(file: &Path, table: &[u8]) -> io::Result<()> {
    if file == Path::new("-") {
        let mut stdout = io::stdout().lock();
        return stdout.write_all(table).and_then(|()| stdout.flush());
    }
    // A folder that was mistyped is not made.
    if file.parent().is_some_and(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        return Err(io::Error::new(io::ErrorKind::NotFound, "there is no such folder"));
    }
    // What cannot be replaced at once (a device, a pipe) is written into.
    if file.exists() && !file.is_file() { std::fs::write(file, table) } else { replace_file(file, table) }
}
