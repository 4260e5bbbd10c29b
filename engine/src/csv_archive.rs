//! Several CSV files as one zip file, written while it is sent: each piece is taken from memory before the next is
//! written. Lengths and checksums follow the data of a file, since they are not known before.

use domain::time::Timestamp;
use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
pub use zip::result::ZipError as ArchiveError;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

/// The fastest level: rows of CSV shrink to a tenth with any, and higher levels take several times longer.
const LEVEL: i64 = 1;

/// Files that may become longer than this are written with lengths of 64 bits (zip64), which the format needs from
/// 4 GiB on, and which some programs cannot read.
const MAX_PLAIN_BYTES: u64 = 1 << 30;

/// A zip file that is being written.
pub struct CsvArchive {
    zip: ZipWriter<StreamWriter<Buffer>>,
    buffer: Buffer,
    options: SimpleFileOptions,
}

/// What has been written and not taken yet.
#[derive(Clone, Default)]
struct Buffer(Rc<RefCell<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl CsvArchive {
    /// Creates an empty archive; `now` becomes the time of its files.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        let buffer = Buffer::default();
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(LEVEL))
            .last_modified_time(to_zip_time(now).unwrap_or_default());
        Self { zip: ZipWriter::new_stream(buffer.clone()), buffer, options }
    }

    /// Starts the next file. `stored_bytes`: about how long it will be.
    ///
    /// # Errors
    /// [`ArchiveError`] if the file before it became longer than its format allows.
    pub fn start_file(&mut self, name: &str, stored_bytes: u64) -> Result<(), ArchiveError> {
        self.zip.start_file(name, self.options.large_file(stored_bytes > MAX_PLAIN_BYTES))
    }

    /// Appends to the file.
    ///
    /// # Errors
    /// [`ArchiveError`] if the file becomes longer than its format allows.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        Ok(self.zip.write_all(bytes)?)
    }

    /// Takes the bytes of the archive that are complete.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        self.buffer.0.take()
    }

    /// Ends the archive, and takes its last bytes.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn finish(self) -> Result<Vec<u8>, ArchiveError> {
        self.zip.finish()?;
        Ok(self.buffer.0.take())
    }
}

/// The time as zip files have it, in UTC; `None` outside 1980 to 2107.
fn to_zip_time(at: Timestamp) -> Option<zip::DateTime> {
    let text = at.rfc3339();
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map_while(|part| part.parse::<u16>().ok());
    let year = numbers.next()?;
    let mut next = || u8::try_from(numbers.next()?).ok();
    zip::DateTime::from_date_and_time(year, next()?, next()?, next()?, next()?, next()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Read;

    proptest! {
        #[test]
        fn an_archive_is_read_back_however_it_is_taken(
            files in prop::collection::vec((prop::collection::vec(".{0,40}", 0..6), 0..3u64), 0..5),
        ) {
            let mut archive = CsvArchive::new(Timestamp::parse("2026-02-02 10:20:30").unwrap());
            let mut bytes = Vec::new();
            for (number, (lines, gigabytes)) in files.iter().enumerate() {
                archive.start_file(&format!("{number}.csv"), gigabytes << 30).unwrap();
                for line in lines {
                    archive.write(line.as_bytes()).unwrap();
                    bytes.extend(archive.take());
                }
            }
            bytes.extend(archive.finish().unwrap());
            let mut read = zip::ZipArchive::new(io::Cursor::new(&bytes)).unwrap();
            prop_assert_eq!(read.len(), files.len());
            for (number, (lines, _)) in files.iter().enumerate() {
                let mut text = String::new();
                let mut file = read.by_index(number).unwrap();
                prop_assert_eq!(file.name().unwrap(), format!("{number}.csv"));
                prop_assert_eq!(file.last_modified().unwrap().to_string(), "2026-02-02 10:20:30");
                file.read_to_string(&mut text).unwrap();
                prop_assert_eq!(text, lines.concat());
            }
        }
    }

    #[test]
    fn memory_holds_only_what_was_not_taken() {
        let mut archive = CsvArchive::new(Timestamp(0));
        archive.start_file("a.csv", 0).unwrap();
        let rows = "\"a\",1\n".repeat(10_000);
        let mut most = 0;
        for _ in 0..200 {
            archive.write(rows.as_bytes()).unwrap();
            most = most.max(archive.take().len());
        }
        assert!(most < 100_000, "{most}");
        assert!(archive.finish().unwrap().len() < 100_000);
    }
}
