//! Inflates a report's file, gzip or plain, as a stream, and checks that it is complete.
//!
//! Compression is detected from the first two bytes, because file names and headers may be wrong. A truncated
//! stream, a wrong CRC or a wrong length is reported by [`FileInflater::finish`] at the latest; until then
//! the output must not be treated as complete.

use crate::report_file::BadFile;
use flate2::write::MultiGzDecoder;
use std::io::Write;

/// The first bytes of every gzip member.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Compressed bytes to inflate at a time: deflate expands at most 1,032 times, so this gives at most 16 MB.
const PIECE_BYTES: usize = 16 * 1024;

/// Inflates a file that arrives in pieces of any size.
///
/// # Example: a plain file is passed through
/// ```
/// let mut inflate = engine::inflate::file::FileInflater::default();
/// let mut csv = Vec::new();
/// inflate.push(b"a,b\n", |bytes| { csv.extend_from_slice(bytes); Ok(()) })?;
/// inflate.finish(|bytes| { csv.extend_from_slice(bytes); Ok(()) })?;
/// assert_eq!(csv, b"a,b\n");
/// # Ok::<(), engine::report_file::BadFile>(())
/// ```
#[derive(Default)]
pub struct FileInflater {
    format: Format,
}

#[derive(Default)]
enum Format {
    /// No byte has arrived yet.
    #[default]
    Unknown,
    /// Only the first byte has arrived.
    FirstByte(u8),
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Plain,
}

impl FileInflater {
    /// Inflates the next bytes and passes the output to `out`.
    ///
    /// # Errors
    /// Invalid gzip, and errors of `out`.
    pub fn push(
        &mut self,
        bytes: &[u8],
        mut out: impl FnMut(&[u8]) -> Result<(), BadFile>,
    ) -> Result<(), BadFile> {
        let first = match (&self.format, bytes) {
            (_, []) => return Ok(()),
            (Format::Unknown, [one]) => {
                self.format = Format::FirstByte(*one);
                return Ok(());
            }
            (Format::FirstByte(first), _) => Some(*first),
            _ => None,
        };
        match first {
            Some(first) => {
                self.format = Format::Unknown;
                let joined: Vec<u8> = [first].iter().chain(bytes).copied().collect();
                self.inflate(&joined, &mut out)
            }
            None => self.inflate(bytes, &mut out),
        }
    }

    /// Detects the format if it is unknown, from at least two bytes, and inflates `bytes`.
    fn inflate(
        &mut self,
        bytes: &[u8],
        out: &mut impl FnMut(&[u8]) -> Result<(), BadFile>,
    ) -> Result<(), BadFile> {
        if matches!(self.format, Format::Unknown) {
            self.format = if bytes.starts_with(&GZIP_MAGIC) {
                Format::Gzip(Box::new(MultiGzDecoder::new(Vec::new())))
            } else {
                Format::Plain
            };
        }
        let Format::Gzip(decoder) = &mut self.format else { return out(bytes) };
        for piece in bytes.chunks(PIECE_BYTES) {
            decoder.write_all(piece).map_err(|error| BadFile::new(format!("It is broken gzip: {error}.")))?;
            out(decoder.get_ref())?;
            decoder.get_mut().clear();
        }
        Ok(())
    }

    /// Must be called after the last byte: passes on buffered output and checks that the file is complete.
    ///
    /// # Errors
    /// A truncated stream, a wrong CRC or length, an empty file, and errors of `out`.
    pub fn finish(self, mut out: impl FnMut(&[u8]) -> Result<(), BadFile>) -> Result<(), BadFile> {
        match self.format {
            Format::Unknown => Err(BadFile::new("It is empty.")),
            Format::FirstByte(byte) => out(&[byte]),
            Format::Plain => Ok(()),
            Format::Gzip(mut decoder) => {
                // Without this call the tail would be lost silently, and the CRC never checked.
                decoder
                    .try_finish()
                    .map_err(|error| BadFile::new(format!("It is incomplete or damaged: {error}.")))?;
                out(decoder.get_ref())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn inflate(file: &[u8], piece_size: usize) -> Result<Vec<u8>, BadFile> {
        let mut inflater = FileInflater::default();
        let mut output = Vec::new();
        for piece in file.chunks(piece_size) {
            inflater.push(piece, |bytes| {
                output.extend_from_slice(bytes);
                Ok(())
            })?;
        }
        inflater.finish(|bytes| {
            output.extend_from_slice(bytes);
            Ok(())
        })?;
        Ok(output)
    }

    proptest! {
        #[test]
        fn files_inflate_to_their_content_in_pieces_of_any_size(
            text in prop::collection::vec(any::<u8>(), 1..4000),
            piece_size in 1usize..600,
        ) {
            prop_assert_eq!(&inflate(&gzip(&text), piece_size).unwrap(), &text);
            let two_members = [gzip(&text), gzip(b"more")].concat();
            prop_assert_eq!(inflate(&two_members, piece_size).unwrap(), [&text[..], b"more"].concat());
            if !text.starts_with(&GZIP_MAGIC) {
                prop_assert_eq!(&inflate(&text, piece_size).unwrap(), &text);
            }
        }

        #[test]
        fn a_truncated_or_damaged_file_is_an_error(
            text in prop::collection::vec(any::<u8>(), 50..3000),
            piece_size in 1usize..600,
            missing_bytes in 1usize..40,
            at in 0usize..8,
        ) {
            let file = gzip(&text);
            prop_assert!(inflate(&file[..file.len() - missing_bytes], piece_size).is_err());
            let mut damaged = file;
            let tail = damaged.len() - 1 - at; // CRC-32 and length
            damaged[tail] ^= 0x40;
            prop_assert!(inflate(&damaged, piece_size).is_err());
        }
    }
}
