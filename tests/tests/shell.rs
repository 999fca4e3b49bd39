//! The shell around the page: what a script tries that should never have got into it, and that the page itself needs none of it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use care4w_tests::{
    AppWindow, Person, Server,
    wait::{self, PATIENCE},
};

/// Somebody on the network who notices when they are talked to.
struct Outside(TcpListener);

impl Outside {
    fn stand() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    /// Whoever talks to it first is this test: nobody did before.
    fn was_left_alone(&self) {
        let ours = TcpStream::connect(self.0.local_addr().unwrap()).unwrap();
        let (mut talk, first) = self.0.accept().unwrap();
        if first != ours.local_addr().unwrap() {
            talk.set_read_timeout(Some(PATIENCE / 10)).unwrap();
            let mut said = [0; 200];
            let length = talk.read(&mut said).unwrap_or_default();
            panic!("the page said something outside: {:?}", String::from_utf8_lossy(&said[..length]));
        }
    }
}

/// A browser that writes down what it was opened with.
fn browser(person: &Person) -> (PathBuf, PathBuf) {
    let (folder, opened) = (person.folder().join("programs"), person.folder().join("opened"));
    fs::create_dir_all(&folder).unwrap();
    let program = folder.join("xdg-open");
    fs::write(&program, format!("#!/bin/sh\necho \"$1\" >> '{}'\n", opened.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    (folder, opened)
}

fn opens(person: &Person, server: &Server, programs: &std::path::Path) -> AppWindow {
    let mut environment = person.environment();
    environment.push(("PATH".into(), format!("{}:{}", programs.display(), std::env::var("PATH").unwrap())));
    let arguments = ["--server", server.url(), "--profile", "shell"];
    let window = AppWindow::open(&arguments, &environment, &person.desk.folder().join("shell")).unwrap();
    window.wait_for("sign-in-email").unwrap();
    window
}

/// Runs what is to fail; gives what it did instead, or `refused`.
fn tries(window: &AppWindow, attempt: &str) -> String {
    let script = format!(
        "const done = arguments[arguments.length - 1];
         (async () => {{ {attempt} }})().then((did) => done(String(did)), (error) => done('refused'));"
    );
    let answer = window.evaluate_later(&script).unwrap_or_else(|error| panic!("{error:#}: {attempt}"));
    answer.as_str().unwrap().to_owned()
}

/// Adds an element to the page and says whether it loads.
fn loads(element: &str) -> String {
    format!(
        "return await new Promise((done) => {{
           const element = {element};
           element.onload = () => done('loaded');
           element.onerror = () => done('refused');
           document.addEventListener('securitypolicyviolation', () => done('refused'), {{ once: true }});
           document.body.append(element);
         }});"
    )
}

/// Frames, none of which may come about. One that is refused tells nobody: whether a script ran in it is asked in the end.
const FRAMES: &str = "window.framed = 'refused';
     window.addEventListener('message', () => (window.framed = 'ran'));
     const script = \"<script>parent.postMessage(1, '*')</script>\";
     for (const set of [{ src: `${outside}/frame.html` }, { src: `data:text/html,${script}` }, { srcdoc: script }])
       document.body.append(Object.assign(document.createElement('iframe'), set));
     return 'refused';";

#[test]
fn a_script_that_got_into_the_page_reaches_nobody_and_nothing_but_the_apps_commands() {
    let person = Person::named("Amina", "shell");
    let server = Server::start().unwrap();
    let outside = Outside::stand();
    let (programs, opened) = browser(&person);
    let window = opens(&person, &server, &programs);
    let url = outside.url();

    // Nobody outside is reached, also not the server: only the core talks to it.
    let element =
        |name: &str, set: &str| loads(&format!("Object.assign(document.createElement('{name}'), {{ {set} }})"));
    for attempt in [
        format!("await fetch('{url}/fetch', {{ mode: 'no-cors' }}); return 'fetched';"),
        format!("await fetch('{}/healthz', {{ mode: 'no-cors' }}); return 'fetched';", server.url()),
        format!(
            "await fetch('{url}/post', {{ method: 'POST', mode: 'no-cors', keepalive: true, body: 'x' }}); return 'sent';"
        ),
        format!(
            "return await new Promise((done) => {{ const socket = new WebSocket('{}'); \
             socket.onopen = () => done('connected'); socket.onerror = () => done('refused'); }});",
            url.replace("http", "ws")
        ),
        format!(
            "return await new Promise((done) => {{ const source = new EventSource('{url}/events'); \
             source.onopen = () => done('connected'); source.onerror = () => done('refused'); }});"
        ),
        format!("await import('{url}/module.js'); return 'imported';"),
        format!("new Worker('{url}/worker.js'); return 'started';"),
        element("img", &format!("src: '{url}/picture.png'")),
        element("script", &format!("src: '{url}/script.js'")),
        element("link", &format!("rel: 'stylesheet', href: '{url}/style.css'")),
        element("object", &format!("data: '{url}/thing'")),
    ] {
        assert_eq!(tries(&window, &attempt), "refused", "{attempt}");
    }
    assert_eq!(tries(&window, &format!("const outside = '{url}'; {FRAMES}")), "refused");
    let sent = tries(
        &window,
        &format!("return navigator.sendBeacon ? navigator.sendBeacon('{url}/beacon', 'x') : 'refused';"),
    );
    assert!(
        ["refused", "false", "true"].contains(&sent.as_str()),
        "what it says tells nothing; nobody hears it: {sent}"
    );

    outside.was_left_alone();
    // Text does not become code.
    for attempt in [
        "return eval('1 + 1');",
        "return new Function('return 2')();",
        "setTimeout('window.ran = true', 0); await new Promise((done) => setTimeout(done, 50)); return window.ran ?? 'refused';",
        "const script = document.createElement('script'); script.textContent = 'window.inlined = true'; \
         document.body.append(script); return window.inlined ?? 'refused';",
        "const div = document.createElement('div'); div.setAttribute('onclick', 'window.clicked = true'); \
         document.body.append(div); div.click(); return window.clicked ?? 'refused';",
        "Object.prototype.poisoned = 'poisoned'; return ({}).poisoned ?? 'refused';",
    ] {
        assert_eq!(tries(&window, attempt), "refused", "{attempt}");
    }

    // The app's commands answer; nothing of Tauri's and its plugins' does.
    assert_eq!(window.invokes("regions", "{}").unwrap(), "answered", "its own commands are what it has");
    let mut answers = Vec::new();
    for (command, arguments) in [
        ("plugin:app|version", "{}"),
        ("plugin:event|emit", "{ event: 'state-changed', payload: {} }"),
        ("plugin:path|resolve_directory", "{ directory: 1 }"),
        ("plugin:store|load", "{ path: 'settings.json', options: {} }"),
        ("plugin:updater|check", "{}"),
        ("plugin:webview|create_webview_window", "{ options: { label: 'two', url: 'index.html' } }"),
        ("plugin:window|set_title", "{ label: 'main', value: 'Bank' }"),
        ("plugin:window|title", "{ label: 'main' }"),
        ("plugin:window-state|filename", "{}"),
    ] {
        answers.push((command, window.invokes(command, arguments).unwrap(), "not allowed"));
    }
    // There is no such thing at all.
    for (command, arguments) in [
        ("plugin:fs|read_text_file", "{ path: '/etc/passwd' }"),
        ("plugin:http|fetch", "{ clientConfig: {} }"),
        ("plugin:opener|open_url", "{ url: 'https://example.org' }"),
        ("plugin:shell|execute", "{ program: 'sh', args: [] }"),
        ("set_up", "{}"),
    ] {
        answers.push((command, window.invokes(command, arguments).unwrap(), "not found"));
    }
    let wrong: Vec<_> = answers.iter().filter(|(_, answer, refusal)| !answer.contains(refusal)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");

    outside.was_left_alone();
    // It stays where it is. A page of the server leads to the browser, which shows that all before was decided.
    assert_eq!(tries(&window, &format!("return window.open('{url}/popup') ? 'opened' : 'refused';")), "refused");
    assert_eq!(tries(&window, "return window.open('about:blank') ? 'opened' : 'refused';"), "refused");
    let address = window.evaluate("return location.href").unwrap();
    for attempt in [
        format!("location.href = '{url}/navigated'; return 'refused';"),
        "location.href = 'https://example.org/'; return 'refused';".to_owned(),
        "location.href = 'file:///etc/passwd'; return 'refused';".to_owned(),
        "location.href = 'data:text/html,hello'; return 'refused';".to_owned(),
        format!(
            "const form = Object.assign(document.createElement('form'), {{ action: '{url}/form', method: 'post' }}); \
             document.body.append(form); form.submit(); return 'refused';"
        ),
    ] {
        assert_eq!(tries(&window, &attempt), "refused", "{attempt}");
    }
    outside.was_left_alone();
    // Nothing opens without a person's click.
    let link = |name: &str, to: &str, target: &str| {
        let script = format!(
            "const link = Object.assign(document.createElement('a'), {{ href: '{to}', target: '{target}', textContent: '{name}' }}); \
             link.dataset.testid = '{name}'; Object.assign(link.style, {{ position: 'fixed', inset: '0', zIndex: 9999 }}); \
             document.body.append(link);"
        );
        window.evaluate(&script).unwrap();
        window.click(name).unwrap();
    };
    link("foreign", &format!("{url}/linked"), "_blank");
    link("foreign-here", &format!("{url}/linked"), "");
    link("own", &format!("{}/privacy", server.url()), "_blank");
    let shown = wait::until(PATIENCE, "the browser to be opened", || {
        Ok(fs::read_to_string(&opened).ok().filter(|text| text.ends_with('\n')))
    });
    assert_eq!(shown.unwrap(), format!("{}/privacy\n", server.url()), "and nothing else was opened");
    assert_eq!(window.evaluate("return location.href").unwrap(), address);
    assert!(window.sees("sign-in-email").unwrap());
    assert_eq!(window.evaluate("return window.framed").unwrap(), "refused");
    outside.was_left_alone();
}

/// From now on what the content policy refuses the page itself is remembered.
const REMEMBER: &str = "window.refusals = []; document.addEventListener('securitypolicyviolation', (event) => \
     window.refusals.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));";

#[test]
fn the_page_itself_needs_nothing_that_the_content_policy_refuses() {
    let person = Person::named("Baraka", "shell");
    let server = Server::start().unwrap();
    let (programs, _) = browser(&person);
    let window = opens(&person, &server, &programs);
    window.evaluate(REMEMBER).unwrap();

    window.click("to-register").unwrap();
    window.type_into("register-name", &person.account.name).unwrap();
    window.type_into("register-email", &person.account.email).unwrap();
    window.type_into("register-password", &person.account.password).unwrap();
    window.click("register-submit").unwrap();
    window.click("phone-country").unwrap();
    window.wait_until("the countries", "return document.querySelectorAll('[role=option]').length > 50").unwrap();
    window
        .evaluate(
            "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))",
        )
        .unwrap();
    window.type_into("phone-input", "0712345678").unwrap();
    window.wait_for_state("phone-status", &["available"]).unwrap();
    window.click("phone-save").unwrap();
    window.wait_gone("phone-modal").unwrap();
    window.type_into("dial-input", "+254722000111").unwrap();
    window.click("dial-call").unwrap();
    window.wait_for("dial-error").unwrap();
    window.click("nav-history").unwrap();
    window.click("nav-settings").unwrap();
    window.wait_for("settings-phone").unwrap();
    let refusals = window.evaluate("return window.refusals").unwrap();
    assert_eq!(refusals, serde_json::json!([]), "the page breaks its own policy");
}
