//! A stand-in for Cloudflare Access: signs tokens with PyJWT, which shares no code with the Worker, and
//! serves public keys that can be rotated.

use crate::python::python;
use crate::{now, root};
use domain::time::SECOND;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

/// The application's audience tag.
pub const AUDIENCE: &str = "4714c1358e65fe4b408ad6d432a5f878f08194bdb4752441fd56faefa9b2b6f2";

/// The team domain.
pub const TEAM: &str = "lectern-tests.cloudflareaccess.com";

/// A running signer.
pub struct Signer {
    /// The URL of its keys.
    pub certs: String,
    process: Child,
    pipes: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
}

impl Signer {
    /// Starts a signer with a key called `first`.
    #[must_use]
    pub fn start() -> Self {
        let mut process = Command::new(python())
            .arg(root().join("tests/worker/signer.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the signer starts");
        let (input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let mut output = BufReader::new(output);
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let startup: Value = serde_json::from_str(&line).expect("the signer prints its URL");
        let certs = startup["url"].as_str().unwrap().to_owned();
        Self { certs, process, pipes: Mutex::new((input, output)) }
    }

    /// The Worker's settings for this signer.
    #[must_use]
    pub fn settings(&self) -> [(&'static str, &str); 4] {
        [
            ("LECTERN_LOCAL", ""),
            ("ACCESS_TEAM_DOMAIN", TEAM),
            ("ACCESS_AUD", AUDIENCE),
            ("ACCESS_CERTS_URL", &self.certs),
        ]
    }

    fn send_command(&self, command: &Value) -> Value {
        let mut pipes = self.pipes.lock().unwrap();
        writeln!(pipes.0, "{command}").unwrap();
        let mut line = String::new();
        pipes.1.read_line(&mut line).unwrap();
        serde_json::from_str(&line).expect("the signer responds")
    }

    /// The claims of a valid token for this person.
    #[must_use]
    pub fn claims(&self, email: &str) -> Value {
        let now = now().0 / SECOND;
        json!({"iss": format!("https://{TEAM}"), "aud": [AUDIENCE], "email": email, "type": "app",
            "exp": now + 3600, "nbf": now, "iat": now, "sub": "7335d417-61da-459d-899c-0a01c76a2f94"})
    }

    /// Signs claims with the algorithm `alg` and the key `key`; `kid` is the key id in the token's header.
    #[must_use]
    pub fn sign(&self, claims: &Value, alg: &str, key: &str, kid: &str) -> String {
        let command = json!({"do": "sign", "claims": claims, "alg": alg, "key": key, "kid": kid});
        self.send_command(&command).as_str().unwrap().to_owned()
    }

    /// A valid token, signed with this key.
    #[must_use]
    pub fn token_of(&self, email: &str, key: &str) -> String {
        self.sign(&self.claims(email), "RS256", key, key)
    }

    /// A valid token.
    #[must_use]
    pub fn token(&self, email: &str) -> String {
        self.token_of(email, "first")
    }

    /// Replaces all keys by a new one with this name.
    pub fn rotate(&self, key: &str) {
        self.send_command(&json!({"do": "rotate", "key": key}));
    }

    /// How often the keys have been fetched.
    #[must_use]
    pub fn fetches(&self) -> u64 {
        self.send_command(&json!({"do": "count"})).as_u64().unwrap()
    }
}

impl Drop for Signer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
