//! A Python environment under `target/` with what tests ask of Python: scorers and oracles, never the product.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::{program, project, say};

/// What some test needs of Python. Versions are pinned: an oracle that changes by itself is none.
#[derive(Clone, Copy, Debug)]
pub enum Needs {
    /// PESQ, the score of speech.
    Scorer,
    /// PLCMOS, Microsoft's model of how people judge concealed losses (MIT, the model too): for the benchmark alone.
    ConcealmentScorer,
    /// libphonenumber's own Python port, the oracle of the number rules.
    Numbers,
    /// Schemathesis, which asks the server everything that its OpenAPI document allows, and more.
    Api,
}

impl Needs {
    fn requirements(self) -> &'static [&'static str] {
        match self {
            Self::Scorer => &["numpy<3", "pesq==0.0.4"],
            Self::ConcealmentScorer => &["numpy<2", "onnxruntime>=1.17,<2", "speechmos==0.0.1.1"],
            Self::Numbers => &["phonenumbers==9.0.42"],
            Self::Api => &["schemathesis>=4,<5"],
        }
    }

    /// Each has an environment of its own, so that one's dependencies never hold back another's.
    fn folder(self) -> PathBuf {
        project::tools().join(match self {
            Self::Scorer => "python",
            Self::ConcealmentScorer => "python-plcmos",
            Self::Numbers => "python-numbers",
            Self::Api => "python-api",
        })
    }
}

/// Makes sure that it is installed, and gives the Python that has it.
pub fn interpreter(needs: Needs) -> Result<PathBuf> {
    Ok(interpreter_in(&ensure(needs)?))
}

fn interpreter_in(programs: &Path) -> PathBuf {
    programs.join(format!("python{}", std::env::consts::EXE_SUFFIX))
}

/// Makes sure that it is installed, and gives the folder of its programs.
pub fn ensure(needs: Needs) -> Result<PathBuf> {
    let folder = needs.folder();
    let programs = folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let stamp = folder.join("installed");
    let wanted = needs.requirements().join("\n");
    let interpreter = interpreter_in(&programs);
    // A system whose Python was replaced leaves an environment whose programs do not start.
    let starts = || program::output(program::command(&interpreter.to_string_lossy()).arg("--version")).is_ok();
    if std::fs::read_to_string(&stamp).is_ok_and(|text| text == wanted) && starts() {
        return Ok(programs);
    }
    say::step(&format!("installing {} for Python", needs.requirements().join(", ")), || {
        let log = project::target().join("xtask/python.log");
        let python = if cfg!(windows) { "python" } else { "python3" };
        program::run_logged(program::command(python).args(["-m", "venv", "--clear"]).arg(&folder), &log)?;
        let mut install = program::command(&interpreter.to_string_lossy());
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(needs.requirements());
        program::run_logged(&mut install, &log)
    })?;
    std::fs::write(stamp, wanted)?;
    Ok(programs)
}
