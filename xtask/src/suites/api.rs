//! The server against Schemathesis: everything that its OpenAPI document allows and much that it does not.

use anyhow::{Context as _, Result};
use care4w_tests::{Account, Server, http};
use serde_json::json;

use super::ground::Ground;
use crate::{
    count::Count,
    program, project,
    python::{self, Needs},
};

/// All phases; what each check may not hold for stands in the configuration file, by name and with the reason.
const PHASES: &str = "examples,coverage,fuzzing,stateful";

/// Budgets that no run meets: a 429 would hide what stands behind it.
const BUDGETS: &str = "[limits]
register_per_address = { burst = 4294967295, one_back_ms = 0 }
login_per_address = { burst = 4294967295, one_back_ms = 0 }
login_failures = { burst = 4294967295, one_back_ms = 0 }
forgot_per_address = { burst = 4294967295, one_back_ms = 0 }
forgot_per_email = { burst = 4294967295, one_back_ms = 0 }
oracle_per_account = { burst = 4294967295, one_back_ms = 0 }
oracle_first_day = 4294967295
oracle_per_address = { burst = 4294967295, one_back_ms = 0 }
number_changes_a_day = 1000000
";

pub fn run(_: &Ground<'_>) -> Result<Count> {
    let programs = python::ensure(Needs::Api)?;
    let budgets = project::target().join("xtask/api-server.toml");
    std::fs::create_dir_all(project::target().join("xtask"))?;
    std::fs::write(&budgets, BUDGETS)?;
    let server = Server::start_with(&["--config", &budgets.to_string_lossy()], &Vec::new())?;
    let account = Account::named("Schemathesis");
    let body = json!({ "email": account.email, "password": account.password, "displayName": account.name });
    let answer = http::post(&format!("{}/api/auth/register", server.url()), &body)?;
    let token = answer.body["data"]["accessToken"].as_str().context("registering gives an access token")?;

    let report = project::target().join("xtask/api.xml");
    let _ = std::fs::remove_file(&report);
    let mut schemathesis = program::command(&programs.join("schemathesis").to_string_lossy());
    schemathesis
        // Else it leaves a folder of its own in the project.
        .env("HYPOTHESIS_STORAGE_DIRECTORY", project::target().join("xtask/hypothesis"))
        .args(["--config-file", "tests/schemathesis.toml", "run"])
        .arg(format!("{}/api/openapi.json", server.url()))
        .args(["--checks", "all", "--phases", PHASES, "--continue-on-failure"])
        .args(["--max-examples", "50", "--seed", "4", "--generation-database", "none"])
        // Signing out or leaving would end the test; a WebSocket is not asked by HTTP alone.
        .args(["--exclude-path-regex", "/(signal|auth/logout|auth/logout-all|users/me)$"])
        .args(["--header", &format!("Authorization: Bearer {token}"), "--request-timeout", "10"])
        .args(["--report", "junit", "--report-junit-path"])
        .arg(&report);
    let result = program::run_logged(&mut schemathesis, &project::target().join("xtask/tests/api.log"));
    let mut count = count(&std::fs::read_to_string(&report).unwrap_or_default());
    if let Err(error) = result {
        count.failed = count.failed.max(1);
        crate::say::said!("{error:#}");
    }
    Ok(count)
}

/// Counts the cases of a JUnit report.
fn count(report: &str) -> Count {
    let cases = report.matches("<testcase ").count();
    let failed = report.split("<testcase ").skip(1).filter(|case| case.contains("<failure") || case.contains("<error"));
    let failed = failed.count();
    Count { passed: cases - failed, failed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_with_two_failures_failed_once() {
        let report = r#"<testcase name="a"/><testcase name="b"><failure/><failure/></testcase><testcase name="c"/>"#;
        assert_eq!(count(report), Count { passed: 2, failed: 1 });
    }
}
