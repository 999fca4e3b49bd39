//! What a process takes of the machine (Linux).

use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// Clock ticks a second in `/proc`; Linux fixes it at 100 for user space.
const TICKS: f64 = 100.0;

/// Memory that a process and its descendants take, shared pages divided among their users (PSS), in bytes.
pub fn memory(process: u32) -> Result<u64> {
    let own = pss(process)?;
    // A descendant may end between being listed and being looked at, and a zombie has no memory: both count nothing.
    let others = with_descendants(process)?.into_iter().filter(|&id| id != process);
    Ok(own + others.filter_map(|id| pss(id).ok()).sum::<u64>())
}

/// Processor time that a process and its living descendants have used.
pub fn cpu_time(process: u32) -> Result<Duration> {
    let mut ticks = 0.0;
    for id in with_descendants(process)? {
        let Ok(fields) = stat(id) else { continue };
        // After the name: field 14 and 15 of proc(5), user and system time.
        for index in [11, 12] {
            ticks += fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
        }
    }
    Ok(Duration::from_secs_f64(ticks / TICKS))
}

/// Open files and sockets of a process alone.
pub fn handles(process: u32) -> Result<usize> {
    Ok(std::fs::read_dir(format!("/proc/{process}/fd")).context("the process has ended")?.count())
}

/// Threads of a process alone.
pub fn threads(process: u32) -> Result<usize> {
    Ok(std::fs::read_dir(format!("/proc/{process}/task")).context("the process has ended")?.count())
}

fn pss(process: u32) -> Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).context("no Pss in smaps_rollup")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1024)
}

/// The fields of `/proc/PID/stat` after the program's name, beginning with the state.
fn stat(process: u32) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, rest) = text.rsplit_once(')').context("no name in stat")?;
    Ok(rest.split_whitespace().map(str::to_owned).collect())
}

/// The process and all that descend from it.
pub fn with_descendants(process: u32) -> Result<Vec<u32>> {
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc").context("no /proc here")?.flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // It may have ended since the folder was listed.
        let Ok(fields) = stat(id) else { continue };
        if let Some(parent) = fields.get(1).and_then(|field| field.parse::<u32>().ok()) {
            parents.push((id, parent));
        }
    }
    if !parents.iter().any(|&(id, _)| id == process) {
        bail!("the process {process} has ended");
    }
    let mut family = vec![process];
    let mut next = 0;
    while let Some(&parent) = family.get(next) {
        family.extend(parents.iter().filter(|&&(_, of)| of == parent).map(|&(id, _)| id));
        next += 1;
    }
    Ok(family)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_takes_memory_and_belongs_to_its_own_family() {
        let own = std::process::id();
        assert!(memory(own).unwrap() > 100_000);
        assert!(with_descendants(own).unwrap().contains(&own));
        assert!(cpu_time(own).is_ok());
        assert!(threads(own).unwrap() >= 1 && handles(own).unwrap() >= 3);
    }
}
