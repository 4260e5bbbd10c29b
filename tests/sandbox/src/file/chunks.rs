//! A writer that sends its bytes to a channel in chunks, and can corrupt or cut them.

use bytes::Bytes;
use std::io;
use std::time::Duration;
use tokio::sync::mpsc;

/// Bytes in a chunk.
const CHUNK: usize = 64 * 1024;
/// Bytes held back until the end, so that a spoiled trailer can still be spoiled.
const TAIL: usize = 64;
/// A cut connection is cut after so many bytes, or halfway through a smaller file.
const CUT: usize = 256 * 1024;

/// What is wrong with one fetch of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The connection is cut in the middle.
    Reset,
    /// The end is missing, although the transfer is complete.
    Truncated,
    /// The gzip trailer's CRC is wrong.
    WrongCrc,
    /// The gzip trailer's length is wrong.
    WrongLength,
}

/// The writing end of a streamed body.
pub(super) struct Chunks {
    sender: mpsc::Sender<io::Result<Bytes>>,
    held: Vec<u8>,
    sent: usize,
    trouble: Option<Trouble>,
}

impl Chunks {
    pub(super) fn new(sender: mpsc::Sender<io::Result<Bytes>>, trouble: Option<Trouble>) -> Self {
        Self { sender, held: Vec::with_capacity(CHUNK + TAIL), sent: 0, trouble }
    }

    fn send(&mut self, count: usize) -> io::Result<()> {
        let rest = self.held.split_off(count.min(self.held.len()));
        let chunk = std::mem::replace(&mut self.held, rest);
        self.sent += chunk.len();
        if chunk.is_empty() {
            return Ok(());
        }
        self.sender.blocking_send(Ok(Bytes::from(chunk))).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn cut(&mut self) -> io::Result<()> {
        // What was sent should leave before the connection does.
        std::thread::sleep(Duration::from_millis(40));
        let _ = self.sender.blocking_send(Err(io::ErrorKind::ConnectionReset.into()));
        Err(io::ErrorKind::ConnectionReset.into())
    }

    /// Sends what is held back, and whatever goes wrong at the end.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let length = self.held.len();
        let spoil = match self.trouble {
            None => None,
            Some(Trouble::WrongCrc) => length.checked_sub(8),
            Some(Trouble::WrongLength) => length.checked_sub(4),
            Some(Trouble::Truncated) => {
                let keep = if length > TAIL { length - TAIL } else { length / 2 };
                self.held.truncate(keep);
                None
            }
            Some(Trouble::Reset) => {
                self.send(length / 2)?;
                return self.cut();
            }
        };
        if let Some(byte) = spoil.and_then(|place| self.held.get_mut(place)) {
            *byte ^= 0xff;
        }
        self.send(self.held.len())
    }
}

impl io::Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= CHUNK + TAIL {
            self.send(self.held.len() - TAIL)?;
            if self.trouble == Some(Trouble::Reset) && self.sent >= CUT {
                self.cut()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
