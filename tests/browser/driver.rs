//! A Chromium of its own for every test, driven over WebDriver (W3C).

use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const PATIENCE: Duration = Duration::from_secs(30);
/// Under this name an element comes and goes (W3C WebDriver, section 11).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// Keys that write nothing (W3C WebDriver, section 17.4.2).
pub(crate) const TAB: char = '\u{E004}';
pub(crate) const ENTER: char = '\u{E007}';
/// Says the port that it has found.
const READY: &str = "started successfully on port ";

/// One window.
pub(crate) struct Browser {
    http: Client,
    session: String,
    driver: Child,
    _profile: TempDir,
}

impl Drop for Browser {
    /// Asked to end, the driver takes its Chromium along; killed, it would leave it.
    fn drop(&mut self) {
        if let Some(pid) = self.driver.id() {
            std::process::Command::new("kill").arg(pid.to_string()).status().ok();
        }
    }
}

impl Browser {
    /// An empty window. Nothing is looked up or fetched in the background.
    pub(crate) async fn open() -> Self {
        let mut driver = Command::new(program("TIPOFF_CHROMEDRIVER", "chromedriver"))
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts; `make browser` installs it");
        let port = tokio::time::timeout(PATIENCE, port(&mut driver)).await.unwrap();
        let profile = tempfile::tempdir().unwrap();
        let http = Client::builder().timeout(PATIENCE).build().unwrap();
        let base = format!("http://127.0.0.1:{port}/session");
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "timeouts": {"implicit": 10_000, "script": 20_000},
            "goog:chromeOptions": {
                "binary": program("TIPOFF_CHROMIUM", "/usr/bin/chromium"),
                "args": [
                    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                    "--disable-background-networking", "--disable-component-update", "--disable-sync",
                    "--disable-dev-shm-usage", "--window-size=420,900", "--lang=en",
                    format!("--user-data-dir={}", profile.path().display()),
                ],
            },
        }}});
        let made = answer(http.post(&base).json(&wanted)).await;
        let session = format!("{base}/{}", made["sessionId"].as_str().expect("a session"));
        Self { http, session, driver, _profile: profile }
    }

    /// As if its owner had said yes.
    pub(crate) async fn allow_notifications(&self, site: &str) {
        let grant = json!({"origin": site.trim_end_matches('/'), "permissions": ["notifications"]});
        self.command("Browser.grantPermissions", grant).await;
    }

    pub(crate) async fn goto(&self, url: &str) {
        self.ask(Method::POST, "/url", json!({ "url": url })).await;
    }

    /// What the first element that fits shows; it is waited for.
    pub(crate) async fn text(&self, css: &str) -> String {
        let element = self.find(css).await;
        let text = self.ask(Method::GET, &format!("/element/{element}/text"), Value::Null).await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// As on a telephone, or on a desk.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        self.ask(Method::POST, "/window/rect", json!({"width": width, "height": height})).await;
    }

    /// Presses keys, one after the other, wherever the focus is.
    pub(crate) async fn type_keys(&self, keys: &str) {
        let strokes = keys.chars().flat_map(|key| {
            ["keyDown", "keyUp"].map(|what| json!({"type": what, "value": key.to_string()}))
        });
        let strokes: Vec<Value> = strokes.collect();
        let actions = json!({"actions": [{"type": "key", "id": "keys", "actions": strokes}]});
        self.ask(Method::POST, "/actions", actions).await;
    }

    /// A command of the browser's own protocol for developers.
    pub(crate) async fn command(&self, name: &str, params: Value) -> Value {
        self.ask(Method::POST, "/goog/cdp/execute", json!({"cmd": name, "params": params})).await
    }

    /// To look at what it shows: TIPOFF_SHOTS_TO=folder make browser
    pub(crate) async fn shoot(&self, name: &str) {
        let Ok(folder) = std::env::var("TIPOFF_SHOTS_TO") else { return };
        for (size, width, height) in [("desk", 1_280, 900), ("phone", 420, 900)] {
            self.resize(width, height).await;
            let shot = self.ask(Method::GET, "/screenshot", Value::Null).await;
            let shot = STANDARD.decode(shot.as_str().unwrap()).unwrap();
            std::fs::write(format!("{folder}/{name}-{size}.png"), shot).unwrap();
        }
    }

    /// Presses it as a person would: what is hidden or covered cannot be pressed.
    pub(crate) async fn press(&self, css: &str) {
        let element = self.find(css).await;
        self.ask(Method::POST, &format!("/element/{element}/click"), json!({})).await;
    }

    /// Lets the page do something that ends with a call of its last argument.
    pub(crate) async fn run(&self, script: &str, arguments: Value) -> Value {
        let body = json!({"script": script, "args": arguments});
        self.ask(Method::POST, "/execute/async", body).await
    }

    /// Waits until that holds on the page.
    pub(crate) async fn until(&self, what: &str) {
        let script = format!(
            "const done = arguments[arguments.length - 1]; \
             const look = () => {what} ? done(true) : setTimeout(look, 50); look();"
        );
        self.run(&script, json!([])).await;
    }

    pub(crate) async fn find(&self, css: &str) -> String {
        let body = json!({"using": "css selector", "value": css});
        let found = self.ask(Method::POST, "/element", body).await;
        found[ELEMENT].as_str().unwrap_or_else(|| panic!("no {css}: {found}")).to_owned()
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> Value {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.session));
        if method == Method::POST {
            request = request.json(&body);
        }
        answer(request).await
    }

    /// Closes the window, and the browser with it.
    pub(crate) async fn close(self) {
        self.ask(Method::DELETE, "", Value::Null).await;
    }
}

/// The value of an answer.
async fn answer(request: reqwest::RequestBuilder) -> Value {
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    let value = answer["value"].clone();
    assert!(value.get("error").is_none(), "{value}");
    value
}

async fn port(driver: &mut Child) -> u16 {
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    loop {
        let line = lines.next_line().await.unwrap().expect("chromedriver says its port");
        if let Some((_, port)) = line.split_once(READY) {
            return port.trim_end_matches('.').parse().unwrap();
        }
    }
}

/// From the environment, or the usual one.
fn program(name: &str, usual: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| usual.to_owned())
}
