//! `care4w-server import`: users of the web app come over.

use std::path::Path;

use serde_json::{Value, json};

use crate::binary::{Process, command, database, reqwest_client};

struct Imported {
    code: Option<i32>,
    summary: Value,
    stderr: String,
    refused: Vec<Value>,
}

fn import(folder: &Path, file: &str, text: &str) -> Imported {
    let file = folder.join(file);
    std::fs::write(&file, text).unwrap();
    let output = command().args(["--database", &database(folder), "import"]).arg(&file).output().unwrap();
    let report = std::fs::read_to_string(format!("{}.refused.jsonl", file.display())).unwrap();
    Imported {
        code: output.status.code(),
        summary: serde_json::from_slice(&output.stdout).unwrap_or_default(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        refused: report.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
    }
}

fn user(index: u32) -> Value {
    json!({
        "_id": {"$oid": format!("65c1f2a0b1c2d3e4{index:08x}")}, "firebaseUid": format!("fb-{index}"),
        "email": format!("User{index}@example.org"), "displayName": format!("User {index}"), "role": "user",
        "isActive": true, "care4wId": format!("care4w-{}", 1_000_000 + index), "password": "hush-hush",
        "personalPhoneNumber": {"full": format!("+2547{index:08}"), "national": format!("7{index:08}"), "countryCode": "254"},
        "createdAt": {"$date": "2026-01-05T08:15:00Z"}
    })
}

fn with(index: u32, field: &str, value: Value) -> Value {
    let mut user = user(index);
    user[field] = value;
    user
}

fn lines(users: &[Value]) -> String {
    users.iter().map(|user| format!("{user}\n")).collect()
}

fn figures(summary: &Value) -> [u64; 4] {
    ["read", "imported", "alreadyThere", "refused"].map(|field| summary[field].as_u64().unwrap())
}

#[test]
fn users_come_over_from_lines_or_an_array_and_a_second_time_nothing_changes() {
    let folder = tempfile::tempdir().unwrap();
    let users: Vec<Value> = (0..1200).map(user).collect();
    let first = import(folder.path(), "lines.json", &lines(&users[..1000]));
    assert_eq!((first.code, figures(&first.summary)), (Some(0), [1000, 1000, 0, 0]), "{}", first.stderr);
    assert!(first.refused.is_empty());
    assert!(first.stderr.contains(" imported"), "progress is shown: {}", first.stderr);
    let array = serde_json::to_string_pretty(&users).unwrap();
    for wanted in [[1200, 200, 1000, 0], [1200, 0, 1200, 0]] {
        let again = import(folder.path(), "array.json", &array);
        assert_eq!((again.code, figures(&again.summary)), (Some(0), wanted), "{}", again.stderr);
    }
    let list = command().args(["--database", &database(folder.path()), "user", "list"]).output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    assert_eq!(list.lines().count(), 1200);
    assert!(list.contains("care4w-1000007\tuser7@example.org\tUser 7\n"));
}

#[test]
fn what_is_refused_is_named_by_line_and_field_and_the_rest_comes_over() {
    let folder = tempfile::tempdir().unwrap();
    let number = |full: &str, national: &str| json!({"full": full, "national": national, "countryCode": "254"});
    let text = lines(&[
        user(10_000_001),
        with(10_000_002, "email", json!("USER10000001@EXAMPLE.ORG")),
        with(10_000_003, "email", json!("hush-hush")),
        with(10_000_004, "displayName", json!("")),
        with(10_000_005, "_id", user(10_000_001)["_id"].clone()),
        with(10_000_006, "care4wId", json!("Care4W-11000001")),
        with(10_000_007, "personalPhoneNumber", number("+254710000001", "710000001")),
        with(10_000_008, "personalPhoneNumber", number("+254710000008", "710000009")),
        with(10_000_009, "personalPhoneNumber", number("+25471", "71")),
        json!("hush-hush"),
    ]) + "{\"hush-hush\n\n"
        + &lines(&[with(10_000_010, "personalPhoneNumber", Value::Null)]);
    let wanted = [
        (2, "email", "EMAIL_ALREADY_EXISTS"),
        (3, "email", "INVALID_EMAIL"),
        (4, "displayName", "EMPTY_NAME"),
        (5, "_id", "DUPLICATE_ID"),
        (6, "care4wId", "CARE4W_ID_ALREADY_EXISTS"),
        (7, "personalPhoneNumber", "PHONE_ALREADY_EXISTS"),
        (8, "personalPhoneNumber.national", "INCONSISTENT"),
        (9, "personalPhoneNumber.full", "TOO_SHORT"),
        (10, "(document)", "NOT_AN_OBJECT"),
        (11, "(document)", "NOT_JSON"),
    ];
    for figures_wanted in [[12, 2, 0, 10], [12, 0, 2, 10]] {
        let imported = import(folder.path(), "users.json", &text);
        assert_eq!((imported.code, figures(&imported.summary)), (Some(0), figures_wanted), "{}", imported.stderr);
        let refused: Vec<_> = imported
            .refused
            .iter()
            .map(|row| (row["line"].as_u64().unwrap(), row["field"].as_str().unwrap(), row["code"].as_str().unwrap()))
            .collect();
        assert_eq!(refused, wanted);
        for (line, field, _) in wanted {
            assert!(imported.stderr.contains(&format!("line {line}: {field}: ")), "{}", imported.stderr);
        }
        assert!(!imported.stderr.contains("hush") && !format!("{:?}", imported.refused).contains("hush"));
    }
}

#[test]
fn a_document_with_several_faults_is_refused_once_with_all_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let faulty = json!({"_id": {"$oid": "65c1f2a0b1c2d3e4f5a60004"}, "email": "not-an-address", "displayName": "",
        "care4wId": "care4w-1000001", "personalPhoneNumber": {"full": "+255700000001", "national": "700000001", "countryCode": "255"}});
    let imported = import(folder.path(), "users.json", &lines(&[user(1), faulty]));
    assert_eq!(figures(&imported.summary), [2, 1, 0, 1]);
    let fields: Vec<_> = imported.refused.iter().map(|row| row["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["email", "displayName", "care4wId", "personalPhoneNumber"]);
}

#[test]
fn an_array_without_an_end_fails_and_what_stood_before_has_come_over() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("[{},\n{{\"_id\":", user(1));
    let imported = import(folder.path(), "users.json", &text);
    assert_eq!((imported.code, imported.summary), (Some(1), Value::Null));
    assert_eq!(imported.refused[0]["code"], "CUT_OFF");
    assert_eq!(figures(&import(folder.path(), "users.json", &lines(&[user(1)])).summary), [1, 0, 1, 0]);
}

#[test]
fn a_report_that_cannot_be_written_or_would_be_the_file_fails_before_anything_is_imported() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("users.json");
    std::fs::write(&file, lines(&[user(1)])).unwrap();
    for report in [file.as_path(), Path::new("/no/such/folder/report")] {
        let mut import = command();
        import.args(["--database", &database(folder.path()), "import"]).arg(&file).arg("--report").arg(report);
        let output = import.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(String::from_utf8(output.stderr).unwrap().lines().count(), 1);
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), lines(&[user(1)]));
    assert_eq!(figures(&import(folder.path(), "users.json", &lines(&[user(1)])).summary), [1, 1, 0, 0]);
}

#[tokio::test]
async fn whoever_came_over_is_found_but_has_no_password_and_whoever_is_inactive_is_neither() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = command();
    server.args(["--listen", "127.0.0.1:0", "--database", &database(folder.path())]);
    let process = Process::start(server);
    let users = [user(10_000_001), with(10_000_002, "isActive", json!(false))];
    let imported = import(folder.path(), "users.json", &lines(&users));
    assert_eq!(figures(&imported.summary), [2, 2, 0, 0], "also while a server runs: {}", imported.stderr);
    assert_eq!(imported.summary["inactive"], 1);

    let client = reqwest_client();
    let post = async |path: &str, body: Value| {
        let answer = client.post(format!("{}/api/auth/{path}", process.url)).json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let login = async |email: &str, password: &str| post("login", json!({"email": email, "password": password})).await;
    let unknown = login("nobody@example.org", "hush-hush").await;
    assert_eq!(unknown.0, 401);
    for password in ["hush-hush", ""] {
        assert_eq!(login("user10000001@example.org", password).await, unknown);
        assert_eq!(login("user10000002@example.org", password).await, unknown);
    }
    let body = json!({"email": "USER10000001@example.org", "password": "another one", "displayName": "Rival"});
    assert_eq!(post("register", body).await.0, 409, "the address is theirs");

    let reset = |email: &str| {
        let user = ["--database", &database(folder.path()), "user", "reset-password", email].map(String::from);
        String::from_utf8(command().args(user).output().unwrap().stdout).unwrap().trim().to_owned()
    };
    let (status, signed_in) = login("user10000001@example.org", &reset("user10000001@example.org")).await;
    assert_eq!(status, 200);
    assert_eq!(signed_in["data"]["user"]["id"], "65c1f2a0b1c2d3e400989681", "the id is kept");
    assert_eq!(signed_in["data"]["user"]["care4wId"], "care4w-11000001");
    let token = signed_in["data"]["accessToken"].as_str().unwrap();
    let get = async |path: &str| {
        let url = format!("{}/api/users/{path}", process.url);
        client.get(url).bearer_auth(token).send().await.unwrap().json::<Value>().await.unwrap()["data"].clone()
    };
    assert_eq!(get("settings").await["settings"]["personalPhoneNumber"], "+254710000001");
    assert_eq!(get("lookup?care4wId=care4w-11000002").await, json!({"exists": false}));
    assert_eq!(get("lookup/phone?phoneNumber=%2B254710000002").await, json!({"exists": false}));
    let password = reset("user10000002@example.org");
    assert_eq!(login("user10000002@example.org", &password).await.0, 200, "the server's owner lets them in again");
    assert_eq!(get("lookup?care4wId=care4w-11000002").await["exists"], true);
}
