//! Memory use: a large file is streamed, not held in memory.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests and their helpers fail at the first error"
)]

use serde_json::{Value, json};
use std::io::{Read, Write as _};
use std::net::{SocketAddr, TcpStream};

/// Bytes in a mebibyte.
const MIB: u64 = 1024 * 1024;

fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

fn open(address: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        socket,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
    .unwrap();
    socket
}

fn read_json(mut socket: TcpStream) -> Value {
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_file_of_200_megabytes_is_streamed_within_50_mib() {
    let settings = sandbox::Settings {
        now: Some(sandbox::parse_instant("2026-03-20").unwrap()),
        build_seconds: 0.0..=0.0,
        bulk_rows: Some(750_000),
        ..sandbox::Settings::default()
    };
    let running = sandbox::start(settings).await.unwrap();
    let address = running.address;
    let (read, grown) = tokio::task::spawn_blocking(move || download(address)).await.unwrap();
    assert!(read > 190 * MIB, "only {} MiB", read / MIB);
    assert!(grown < 50 * MIB, "grew by {} MiB", grown / MIB);
    running.stop().await;
}

/// Downloads a file. Returns its length and the growth of the process's memory in bytes; the server runs in
/// the same process.
fn download(address: SocketAddr) -> (u64, u64) {
    let form = "grant_type=client_credentials&client_id=lectern&client_secret=sandbox+secret";
    let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
    let token = read_json(open(address, "POST", "/oauth2/access_token", kind, form));
    let header = format!("Authorization: Bearer {}\r\n", token["access_token"].as_str().unwrap());
    let body = json!({
        "parameters": { "start": "2026-03-02", "end": "2026-03-09" },
        "output": { "compression": false }
    });
    let api = "/public/api/v1/reporting/requests";
    let created = read_json(open(address, "POST", &format!("{api}/videoview"), &header, &body.to_string()));
    let one = format!("{api}/{}", created["requestId"].as_str().unwrap());
    let built = read_json(open(address, "GET", &one, &header, ""));
    let link = built["signedAssets"][0].as_str().unwrap();
    let path = link.strip_prefix(&format!("http://{address}")).unwrap();
    let before = resident_bytes();
    let mut socket = open(address, "GET", path, "", "");
    let (mut buffer, mut read, mut peak) = (vec![0; 256 * 1024], 0, before);
    let mut reads = 0_u64;
    loop {
        let count = socket.read(&mut buffer).unwrap();
        if count == 0 {
            return (read, peak - before);
        }
        read += count as u64;
        reads += 1;
        if reads.is_multiple_of(200) {
            peak = peak.max(resident_bytes());
        }
    }
}
