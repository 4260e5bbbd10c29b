//! A minimal HTTP/1.1 client without a library, so that tests see exactly what was sent.

use sandbox::{Running, Settings};
use serde_json::{Value, json};
use std::io::Read as _;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The prefix of the reporting API.
pub(crate) const API: &str = "/public/api/v1/reporting";

/// A response as received.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// The status; 0 if the connection closed without a response.
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    /// Whether the body is complete by its `Content-Length` or chunks.
    pub(crate) is_complete: bool,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("{error} in {} {}", self.status, String::from_utf8_lossy(&self.body))
        })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn gunzip(&self) -> std::io::Result<String> {
        let mut text = String::new();
        flate2::read::GzDecoder::new(&self.body[..]).read_to_string(&mut text)?;
        Ok(text)
    }
}

/// A client with an access token.
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
}

/// A sandbox with short builds in the middle of a term, and a signed-in client.
pub(crate) async fn sandbox(change: impl FnOnce(&mut Settings)) -> (Running, Client) {
    let mut settings = Settings {
        now: Some(sandbox::parse_instant("2026-03-20T12:00:00Z").unwrap()),
        build_seconds: 0.0..=0.02,
        students: 60,
        courses: 3,
        ..Settings::default()
    };
    change(&mut settings);
    let running = sandbox::start(settings).await.unwrap();
    let mut client = Client { address: running.address, token: String::new() };
    client.sign_in().await;
    (running, client)
}

impl Client {
    pub(crate) async fn sign_in(&mut self) {
        let reply =
            self.token("grant_type=client_credentials&client_id=lectern&client_secret=sandbox+secret").await;
        self.token = reply.json()["access_token"].as_str().unwrap().to_owned();
    }

    pub(crate) async fn token(&self, form: &str) -> Reply {
        let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
        self.send("POST", "/oauth2/access_token", kind, form).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> Reply {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        let (address, length) = (self.address, body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        socket.write_all(body.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        // A reset ends the response; what was received until then counts.
        let _ = socket.read_to_end(&mut bytes).await;
        parse(&bytes)
    }

    pub(crate) async fn api(&self, method: &str, path: &str, body: &str) -> Reply {
        let header = format!("Authorization: Bearer {}\r\n", self.token);
        self.send(method, &format!("{API}{path}"), &header, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, "", "").await
    }

    pub(crate) async fn inject(&self, orders: Value) {
        let reply = self.send("POST", "/sandbox/faults", "", &orders.to_string()).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }

    pub(crate) async fn ledger(&self) -> Value {
        self.get("/sandbox/ledger").await.json()
    }

    pub(crate) async fn ask(&self, report: &str, start: &str, end: &str) -> Reply {
        self.api("POST", &format!("/requests/{report}"), &body(report, start, end, &json!({}))).await
    }

    /// Creates an upstream request, waits until it is built, and returns its JSON.
    pub(crate) async fn create_and_wait(&self, report: &str, body: &str) -> Value {
        let reply = self.api("POST", &format!("/requests/{report}"), body).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let id = reply.json()["requestId"].as_str().unwrap().to_owned();
        self.wait_until_done(&id).await
    }

    /// Waits until an upstream request is no longer pending, and returns its JSON.
    pub(crate) async fn wait_until_done(&self, id: &str) -> Value {
        for _ in 0..200 {
            let one = self.api("GET", &format!("/requests/{id}"), "").await.json();
            if one["status"] != "Pending" {
                return one;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{id} is still pending");
    }

    /// Requests a week of a report and returns its links once it is built.
    pub(crate) async fn links(&self, report: &str) -> Vec<String> {
        let built = self.create_and_wait(report, &week(report)).await;
        links(&built)
    }

    pub(crate) async fn file(&self, link: &str) -> Reply {
        let path = link.strip_prefix(&format!("http://{}", self.address)).expect("a link on our own host");
        self.get(path).await
    }

    /// Requests a week of a report and returns its first file's text.
    pub(crate) async fn week(&self, report: &str) -> String {
        let links = self.links(report).await;
        self.file(&links[0]).await.gunzip().unwrap()
    }
}

pub(crate) fn links(built: &Value) -> Vec<String> {
    let links = built["signedAssets"].as_array().unwrap_or_else(|| panic!("no links in {built}"));
    links.iter().map(|link| link.as_str().unwrap().to_owned()).collect()
}

/// The body of a create call for a range.
pub(crate) fn body(report: &str, start: &str, end: &str, output: &Value) -> String {
    let parameters = if report == "asset" { json!({}) } else { json!({ "start": start, "end": end }) };
    json!({ "parameters": parameters, "output": output }).to_string()
}

/// The body of a create call for a week with many events.
pub(crate) fn week(report: &str) -> String {
    body(report, "2026-03-02", "2026-03-09", &json!({}))
}

fn parse(bytes: &[u8]) -> Reply {
    let nothing = Reply { status: 0, head: String::new(), body: Vec::new(), is_complete: false };
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return nothing };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut reply = Reply { status, head, body: bytes[end + 4..].to_vec(), is_complete: true };
    if reply.header("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
        (reply.body, reply.is_complete) = dechunk(&reply.body);
    } else if let Some(length) = reply.header("content-length") {
        reply.is_complete = reply.body.len() == length.parse::<usize>().unwrap();
    }
    reply
}

fn dechunk(mut bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") {
        let size =
            std::str::from_utf8(&bytes[..end]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let Some(size) = size else { break };
        bytes = &bytes[end + 2..];
        if size == 0 {
            return (body, true);
        }
        if bytes.len() < size + 2 {
            body.extend_from_slice(bytes);
            break;
        }
        body.extend_from_slice(&bytes[..size]);
        bytes = &bytes[size + 2..];
    }
    (body, false)
}
