//! A writer that sends its bytes to a channel in chunks, and can corrupt or truncate them.

use bytes::Bytes;
use std::io;
use std::time::Duration;
use tokio::sync::mpsc;

/// Minimum length of a chunk in bytes, except the last.
const CHUNK: usize = 64 * 1024;
/// Number of bytes held back until the end, so that the gzip trailer can be corrupted.
const TAIL: usize = 64;
/// A reset connection closes after this many bytes, or halfway through a shorter file.
const RESET_AFTER: usize = 256 * 1024;
/// Number of zeros after the gzip data.
const PADDING: usize = 512;
/// The other bytes after the gzip data.
const TRAILING_BYTES: &[u8] = b"\r\n--boundary--\r\n";

/// The fault of one fetch of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The connection closes in the middle.
    Reset,
    /// The end is missing, although the HTTP transfer is complete.
    Truncated,
    /// The gzip trailer's CRC is wrong.
    WrongCrc,
    /// The gzip trailer's length is wrong.
    WrongLength,
    /// Zeros follow the gzip data.
    ZeroPadding,
    /// Something else follows the gzip data.
    TrailingBytes,
}

/// The writing end of a streamed body.
pub(super) struct Chunks {
    sender: mpsc::Sender<io::Result<Bytes>>,
    buffered: Vec<u8>,
    sent: usize,
    trouble: Option<Trouble>,
}

impl Chunks {
    pub(super) fn new(sender: mpsc::Sender<io::Result<Bytes>>, trouble: Option<Trouble>) -> Self {
        Self { sender, buffered: Vec::with_capacity(CHUNK + TAIL), sent: 0, trouble }
    }

    fn send(&mut self, count: usize) -> io::Result<()> {
        let rest = self.buffered.split_off(count.min(self.buffered.len()));
        let chunk = std::mem::replace(&mut self.buffered, rest);
        self.sent += chunk.len();
        if chunk.is_empty() {
            return Ok(());
        }
        self.sender.blocking_send(Ok(Bytes::from(chunk))).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn reset(&mut self) -> io::Result<()> {
        // Let the sent bytes leave before the connection closes.
        std::thread::sleep(Duration::from_millis(40));
        let _ = self.sender.blocking_send(Err(io::ErrorKind::ConnectionReset.into()));
        Err(io::ErrorKind::ConnectionReset.into())
    }

    /// Sends the buffered bytes, with the fault applied.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let length = self.buffered.len();
        let corrupt_at = match self.trouble {
            None => None,
            Some(Trouble::ZeroPadding) => {
                self.buffered.resize(length + PADDING, 0);
                None
            }
            Some(Trouble::TrailingBytes) => {
                self.buffered.extend_from_slice(TRAILING_BYTES);
                None
            }
            Some(Trouble::WrongCrc) => length.checked_sub(8),
            Some(Trouble::WrongLength) => length.checked_sub(4),
            Some(Trouble::Truncated) => {
                let keep = if length > TAIL { length - TAIL } else { length / 2 };
                self.buffered.truncate(keep);
                None
            }
            Some(Trouble::Reset) => {
                self.send(length / 2)?;
                return self.reset();
            }
        };
        if let Some(byte) = corrupt_at.and_then(|place| self.buffered.get_mut(place)) {
            *byte ^= 0xff;
        }
        self.send(self.buffered.len())
    }
}

impl io::Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffered.extend_from_slice(bytes);
        if self.buffered.len() >= CHUNK + TAIL {
            self.send(self.buffered.len() - TAIL)?;
            if self.trouble == Some(Trouble::Reset) && self.sent >= RESET_AFTER {
                self.reset()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
