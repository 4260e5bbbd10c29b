//! The program: its output, its errors, and its exit.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_sandbox"))
}

#[test]
fn the_program_prints_its_address_and_exits_with_its_parent() {
    let mut child = program()
        .args(["--now", "2026-03-20", "--build-seconds", "0.1..0.2", "--exit-with-parent"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port =
        line.trim_end().strip_prefix("sandbox listening on http://127.0.0.1:").expect(&line).to_owned();
    let port_in_use = program().args(["--port", &port]).output().unwrap();
    assert_eq!(port_in_use.status.code(), Some(1));
    let error = String::from_utf8(port_in_use.stderr).unwrap();
    assert!(
        error.starts_with("sandbox: cannot listen on 127.0.0.1:") && error.lines().count() == 1,
        "{error}"
    );
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn help_lists_every_option() {
    let help = String::from_utf8(program().arg("--help").output().unwrap().stdout).unwrap();
    for option in [
        "--port",
        "--students",
        "--courses",
        "--seed",
        "--now",
        "--build-seconds",
        "--single-request",
        "--client-id",
        "--token-seconds",
        "--bulk-rows",
        "--exit-with-parent",
        "ECHO360_CLIENT_SECRET",
    ] {
        assert!(help.contains(option), "{option}");
    }
    let wrong = program().args(["--build-seconds", "8..2"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
}
