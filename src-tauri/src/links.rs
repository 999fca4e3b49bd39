//! Where the page may lead. It stays what the app brought along: everything else is not opened in it. One place of the web may be
//! opened in the system's browser, and by a link that a person clicks: the server that they chose themselves.

use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, Manager, Url, WebviewWindowBuilder, Wry};

use crate::core::Core;
use crate::platform;

/// A window that shows the app's own page, and is no browser. Every window of the app is made through this.
pub fn confined<'a>(
    app: &AppHandle,
    window: WebviewWindowBuilder<'a, Wry, AppHandle>,
) -> WebviewWindowBuilder<'a, Wry, AppHandle> {
    let (here, there) = (app.clone(), app.clone());
    let window = window
        .devtools(cfg!(debug_assertions))
        .on_navigation(move |url| stays(&here, url))
        .on_new_window(move |url, _| new_window(&there, &url))
        // What the app saves it saves itself.
        .on_download(|_, _| false);
    platform::without_network(window)
}

/// Whether an address is the app's own page, which the window may show. Everything else is refused, and a place of the allow-list is
/// opened in the browser instead.
fn stays(app: &AppHandle, url: &Url) -> bool {
    let own = is_own(url, tauri::is_dev());
    if !own {
        leave(app, url);
    }
    own
}

/// What wants a window of its own gets none.
fn new_window(app: &AppHandle, url: &Url) -> NewWindowResponse<Wry> {
    leave(app, url);
    NewWindowResponse::Deny
}

fn leave(app: &AppHandle, url: &Url) {
    let server = app.state::<Core>().state().server.url;
    if !may_leave(url, &server) {
        // Not which: an address may hold a number.
        tracing::warn!(scheme = url.scheme(), "the page wanted to lead elsewhere");
        return;
    }
    // By the address as it was read, so that the browser is told nothing that was not checked.
    if let Err(error) = platform::open_in_browser(url.as_str()) {
        tracing::warn!(%error, "no browser opened");
    }
}

/// `tauri://localhost`, which Windows and Android can only write as `http://tauri.localhost`; while developing, Vite.
fn is_own(url: &Url, dev: bool) -> bool {
    match (url.scheme(), url.host_str()) {
        ("tauri", Some("localhost")) | ("http" | "https", Some("tauri.localhost")) => true,
        ("http", Some("localhost")) => dev && url.port() == Some(1420),
        _ => false,
    }
}

/// The allow-list: pages of the server. No name and password in the address, nothing but the web.
fn may_leave(url: &Url, server: &str) -> bool {
    let Ok(server) = Url::parse(server) else { return false };
    let plain = url.username().is_empty() && url.password().is_none();
    // A `ServerUrl` is https, or http to this computer.
    plain && ["https", "http"].contains(&url.scheme()) && url.origin() == server.origin()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn the_window_shows_the_apps_own_page_alone() {
        for own in
            ["tauri://localhost", "tauri://localhost/index.html", "http://tauri.localhost/", "https://tauri.localhost/"]
        {
            assert!(is_own(&url(own), false), "{own}");
        }
        for foreign in [
            "https://example.org/",
            "http://localhost:1420/",
            "http://tauri.localhost.example.org/",
            "tauri://example.org/",
            "file:///etc/passwd",
            "about:blank",
            "data:text/html,hello",
            "javascript:alert(1)",
        ] {
            assert!(!is_own(&url(foreign), false), "{foreign}");
        }
        assert!(is_own(&url("http://localhost:1420/"), true), "Vite, while developing");
    }

    #[test]
    fn only_the_servers_own_pages_are_opened_in_the_browser() {
        let server = "https://phone.example.org";
        assert!(may_leave(&url("https://phone.example.org/privacy"), server));
        for other in [
            "https://example.org/",
            "http://phone.example.org/privacy",
            "https://phone.example.org:8443/",
            "https://amina@phone.example.org/",
            "https://:secret@phone.example.org/",
            "https://phone.example.org.evil.example/",
            "file:///phone.example.org",
            "tel:+254712345678",
            "ms-settings:privacy",
        ] {
            assert!(!may_leave(&url(other), server), "{other}");
        }
        assert!(may_leave(&url("http://127.0.0.1:8080/"), "http://127.0.0.1:8080"), "a server on this computer");
        assert!(!may_leave(&url("http://127.0.0.1:9090/"), "http://127.0.0.1:8080"), "and no other one on it");
    }
}
