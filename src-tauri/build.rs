//! Besides what Tauri makes: a permission for each command of the app, so that a window can call what its file in `capabilities/`
//! names and nothing else. Without it every window could call every command.

use std::path::Path;
use std::{env, fs};

/// Where the one list of commands is.
const COMMANDS: &str = "src-tauri/src/bindings.rs";

fn main() {
    println!("cargo:rerun-if-changed={COMMANDS}");
    let out = env::var("OUT_DIR").expect("cargo names a folder to build in");
    let folder = Path::new(&out).join("commands");
    fs::create_dir_all(&folder).expect("cargo's folder can be written");
    let commands = commands(&fs::read_to_string(COMMANDS).expect("the list of commands is there"));
    fs::write(folder.join("commands.toml"), permissions(&commands)).expect("cargo's folder can be written");
    // Tauri takes a pattern that lives for ever; this program does not.
    let pattern: &'static str = Box::leak(folder.join("*.toml").to_string_lossy().into_owned().into_boxed_str());
    let manifest = tauri_build::AppManifest::new().permissions_path_pattern(pattern);
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest))
        .expect("the app's configuration is valid");
}

/// The names in `collect_commands![…]`, without the paths to them.
fn commands(text: &str) -> Vec<String> {
    let (_, rest) = text.split_once("collect_commands![\n").expect("the list of commands begins");
    let (list, _) = rest.split_once(']').expect("the list of commands ends");
    let paths = list.split(',').map(str::trim).filter(|path| !path.is_empty());
    paths.filter_map(|path| path.rsplit("::").next().map(str::to_owned)).collect()
}

/// `allow-…` for each, and `every-command` for the window that is the whole phone.
fn permissions(commands: &[String]) -> String {
    let mut text = String::new();
    let identifiers: Vec<String> =
        commands.iter().map(|command| format!("allow-{}", command.replace('_', "-"))).collect();
    for (command, identifier) in commands.iter().zip(&identifiers) {
        text += &format!("[[permission]]\nidentifier = \"{identifier}\"\ncommands.allow = [\"{command}\"]\n\n");
    }
    text += &format!(
        "[[set]]\nidentifier = \"every-command\"\ndescription = \"All commands of the app\"\npermissions = {identifiers:?}\n"
    );
    text
}
