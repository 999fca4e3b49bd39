//! Users of the web app come over: a file of documents becomes accounts that keep their ids, numbers and times, and have
//! no password until their users set one.

mod documents;
mod progress;
mod refusals;
mod user;

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;
use tokio::sync::mpsc;

use self::documents::{Broken, Document, Documents};
use self::progress::Progress;
use self::refusals::{Reason, Refusals};
use self::user::{Assumed, Refused};
use crate::clock;
use crate::store::{AccountId, Brought, BroughtAccount, Store, StoreError};

/// Documents of one transaction: a running server waits for no longer than it takes to write these.
const BATCH: usize = 500;

/// Refusals that are written to stderr; all of them stand in the report.
const SAID: u64 = 100;

/// What is imported, and how.
#[derive(Clone, Debug)]
pub struct Import {
    /// One document a line, or an array.
    pub file: PathBuf,
    /// Where refusals are written; beside the file unless it is said.
    pub report: Option<PathBuf>,
    /// Whether the numbers were proved.
    pub numbers_proved: bool,
}

/// How an import went, for stdout.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Documents in the file.
    pub read: u64,
    /// Accounts that were made.
    pub imported: u64,
    /// Of these, those with a number.
    pub with_number: u64,
    /// Of these, those who may not sign in.
    pub inactive: u64,
    /// Documents whose account is there and was left as it is.
    pub already_there: u64,
    /// Documents that were refused.
    pub refused: u64,
    /// How long it took.
    pub seconds: f64,
    /// Where the refusals stand.
    pub report: PathBuf,
}

/// Why an import did not come to its end. What it had imported until then stays.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("cannot read the file to import: {0}")]
    Unreadable(#[source] io::Error),
    /// The refusals cannot be written.
    #[error("cannot write the report: {0}")]
    Report(#[source] io::Error),
    /// The report would be written over the file.
    #[error("the report cannot be the file that is imported")]
    ReportIsFile,
    /// The database failed.
    #[error("cannot use the database: {0}")]
    Store(#[from] StoreError),
    /// The file is an array without an end.
    #[error("the file ends before its array does: what stands before that was imported")]
    CutOff,
}

/// What was read and checked, some of it refused already.
struct Batch {
    rows: Vec<(u64, u64, Result<BroughtAccount, Refused>)>,
    bytes: u64,
    cut_off: bool,
}

impl Import {
    /// Where the refusals go.
    pub fn report(&self) -> PathBuf {
        self.report.clone().unwrap_or_else(|| {
            let mut name = self.file.clone().into_os_string();
            name.push(".refused.jsonl");
            name.into()
        })
    }

    /// Whether there is a file to import, which is asked before a database is made for it.
    pub fn check(&self) -> Result<(), ImportError> {
        File::open(&self.file).map(|_| ()).map_err(ImportError::Unreadable)
    }

    /// Imports. Memory holds a few batches, and the id of each user to find those that are there twice.
    pub async fn run(&self, store: &dyn Store) -> Result<Summary, ImportError> {
        let begun = Instant::now();
        let file = File::open(&self.file).map_err(ImportError::Unreadable)?;
        let size = file.metadata().map_err(ImportError::Unreadable)?.len();
        let report = self.report();
        if is_same(&report, &self.file) {
            return Err(ImportError::ReportIsFile);
        }
        let mut refusals = Refusals::create(&report).map_err(ImportError::Report)?;
        let assumed = Assumed { numbers_proved: self.numbers_proved, now: clock::unix_ms() };
        let (sender, mut batches) = mpsc::channel(2);
        let reader = tokio::task::spawn_blocking(move || read_batches(BufReader::new(file), assumed, &sender));

        let mut summary = Summary { report, ..Summary::default() };
        let mut progress = Progress::new(size);
        let mut cut_off = false;
        while let Some(batch) = batches.recv().await {
            cut_off |= batch.cut_off;
            let bytes = batch.bytes;
            carry_out(batch, store, &mut summary, &mut refusals, &mut progress).await?;
            progress.at(bytes, &summary);
        }
        progress.clear();
        reader
            .await
            .map_err(|error| ImportError::Unreadable(io::Error::other(error)))?
            .map_err(ImportError::Unreadable)?;
        refusals.finish().map_err(ImportError::Report)?;
        summary.seconds = (begun.elapsed().as_secs_f64() * 100.0).round() / 100.0;
        if summary.refused > SAID {
            progress.say("More were refused: all stand in the report.");
        }
        if cut_off { Err(ImportError::CutOff) } else { Ok(summary) }
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

fn read_batches(reader: BufReader<File>, assumed: Assumed, sender: &mpsc::Sender<Batch>) -> io::Result<()> {
    let mut documents = Documents::new(reader);
    let mut seen: HashSet<AccountId> = HashSet::new();
    loop {
        let mut batch = Batch { rows: Vec::with_capacity(BATCH), bytes: 0, cut_off: false };
        for document in documents.by_ref().take(BATCH) {
            let Document { line, number, text } = document?;
            batch.cut_off |= text == Err(Broken::CutOff);
            let row = text.map_err(|broken| Reason::from(broken).into()).and_then(|text| user::read(&text, assumed));
            let row = row.and_then(|account| if seen.insert(account.id) { Ok(account) } else { Err(twice().into()) });
            batch.rows.push((line, number, row));
        }
        batch.bytes = documents.bytes();
        // Nobody receives any more: the import has failed, and says why itself.
        if batch.rows.is_empty() || sender.blocking_send(batch).is_err() {
            return Ok(());
        }
    }
}

fn twice() -> Reason {
    Reason { field: "_id", code: "DUPLICATE_ID", reason: "A document before this one has the same id.".into() }
}

async fn carry_out(
    batch: Batch,
    store: &dyn Store,
    summary: &mut Summary,
    refusals: &mut Refusals,
    progress: &mut Progress,
) -> Result<(), ImportError> {
    let good: Vec<BroughtAccount> = batch.rows.iter().filter_map(|(_, _, row)| row.as_ref().ok().cloned()).collect();
    let mut became = store.bring_accounts(&good).await?.into_iter();
    for (line, number, row) in batch.rows {
        summary.read += 1;
        let reasons: Vec<Reason> = match row {
            Err(Refused { mut reasons, claims }) => {
                reasons.extend(store.taken(&claims).await?.into_iter().map(Reason::from));
                reasons
            }
            Ok(account) => match became.next() {
                Some(Brought::Added) => {
                    summary.imported += 1;
                    summary.with_number += u64::from(account.phone.is_some());
                    summary.inactive += u64::from(!account.active);
                    continue;
                }
                Some(Brought::AlreadyThere) => {
                    summary.already_there += 1;
                    continue;
                }
                Some(Brought::Taken(fields)) => fields.into_iter().map(Reason::from).collect(),
                None => return Err(StoreError::Damaged("answer to an import").into()),
            },
        };
        summary.refused += 1;
        for reason in &reasons {
            refusals.write(line, number, reason).map_err(ImportError::Report)?;
            if summary.refused <= SAID {
                progress.say(&format!("line {line}: {}: {}", reason.field, reason.reason));
            }
        }
    }
    Ok(())
}
