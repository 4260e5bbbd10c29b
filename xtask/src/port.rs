//! Ports of the loopback interface.

use std::net::{Ipv4Addr, TcpListener};

/// Whether no process listens on a port.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Finds a port on which no process listens.
pub(crate) fn find_free() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_port_is_not_free_while_a_process_listens_on_it() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(!is_free(port));
        drop(listener);
        // A process that another test starts has a copy of the listener between fork and exec.
        assert!((0..100).any(|_| is_free(port) || {
            std::thread::sleep(Duration::from_millis(10));
            false
        }));
    }
}
