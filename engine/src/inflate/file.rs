//! Inflates a report's file, gzip or plain, as a stream, and checks that it is complete.
//!
//! Compression is detected from the first two bytes, because file names and headers may be wrong. A truncated
//! stream, a wrong CRC or a wrong length is reported by [`FileInflater::finish`] at the latest; until then
//! the output must not be treated as complete.
//!
//! A gzip file has one or several members (RFC 1952), whose contents are concatenated. Zeros after the last
//! one are ignored, as `gzip` does: some storage fills up blocks. Anything else after a member makes the file
//! bad, even a member after zeros, which `gzip` would leave out silently.

use crate::report_file::BadFile;
use flate2::write::GzDecoder;
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
    Gzip(Gzip),
    Plain,
}

/// Where a gzip file is.
enum Gzip {
    Member(Box<GzDecoder<Vec<u8>>>),
    /// After a whole member, with the bytes since then: at most the first one of [`GZIP_MAGIC`].
    AfterMember(Vec<u8>),
    /// Nothing can follow any more but zeros.
    Trailer(Trailer),
}

/// What follows the last member.
#[derive(Default)]
struct Trailer {
    bytes: u64,
    has_data: bool,
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
            self.format =
                if bytes.starts_with(&GZIP_MAGIC) { Format::Gzip(Gzip::new_member()) } else { Format::Plain };
        }
        let Format::Gzip(gzip) = &mut self.format else { return out(bytes) };
        for piece in bytes.chunks(PIECE_BYTES) {
            gzip.inflate(piece, out)?;
        }
        Ok(())
    }

    /// Must be called after the last byte: passes on buffered output and checks that the file is complete.
    ///
    /// # Errors
    /// A truncated stream, a wrong CRC or length, data after a gzip file's end, an empty file, and errors of
    /// `out`.
    pub fn finish(self, mut out: impl FnMut(&[u8]) -> Result<(), BadFile>) -> Result<(), BadFile> {
        match self.format {
            Format::Unknown => Err(BadFile::empty()),
            Format::FirstByte(byte) => out(&[byte]),
            Format::Plain => Ok(()),
            Format::Gzip(Gzip::Member(mut decoder)) => out(&finish_member(&mut decoder)?),
            Format::Gzip(Gzip::AfterMember(rest)) if rest.is_empty() => Ok(()),
            Format::Gzip(Gzip::AfterMember(rest)) => {
                Trailer { bytes: rest.len() as u64, has_data: true }.check()
            }
            Format::Gzip(Gzip::Trailer(trailer)) => trailer.check(),
        }
    }
}

impl Gzip {
    /// The start of a member.
    fn new_member() -> Self {
        Self::Member(Box::new(GzDecoder::new(Vec::new())))
    }

    /// Inflates the next bytes, which may be the end of one member and the start of another.
    fn inflate(
        &mut self,
        mut bytes: &[u8],
        out: &mut impl FnMut(&[u8]) -> Result<(), BadFile>,
    ) -> Result<(), BadFile> {
        while !bytes.is_empty() {
            match self {
                Self::Member(decoder) => {
                    let length = decoder
                        .write(bytes)
                        .map_err(|error| BadFile::new(format!("It is broken gzip: {error}.")))?;
                    out(decoder.get_ref())?;
                    decoder.get_mut().clear();
                    // The decoder takes no byte after the member's end.
                    if length == 0 {
                        out(&finish_member(decoder)?)?;
                        *self = Self::AfterMember(Vec::new());
                    }
                    bytes = bytes.get(length..).unwrap_or_default();
                }
                Self::AfterMember(rest) => {
                    rest.extend_from_slice(bytes.get(..1).unwrap_or_default());
                    bytes = bytes.get(1..).unwrap_or_default();
                    if !GZIP_MAGIC.starts_with(rest) {
                        let mut trailer = Trailer::default();
                        trailer.push(rest);
                        *self = Self::Trailer(trailer);
                    } else if rest.len() == GZIP_MAGIC.len() {
                        *self = Self::new_member();
                        self.inflate(&GZIP_MAGIC, out)?;
                    }
                }
                Self::Trailer(trailer) => {
                    trailer.push(bytes);
                    bytes = &[];
                }
            }
        }
        Ok(())
    }
}

/// Checks the CRC and the length of a whole member; returns output that the decoder still had.
fn finish_member(decoder: &mut GzDecoder<Vec<u8>>) -> Result<Vec<u8>, BadFile> {
    // Without this call the tail would be lost silently, and the CRC never checked.
    decoder.try_finish().map_err(|error| BadFile::new(format!("It is incomplete or damaged: {error}.")))?;
    Ok(std::mem::take(decoder.get_mut()))
}

impl Trailer {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.has_data |= bytes.iter().any(|byte| *byte != 0);
    }

    fn check(&self) -> Result<(), BadFile> {
        if !self.has_data {
            return Ok(());
        }
        let bytes = if self.bytes == 1 { "1 byte".to_owned() } else { format!("{} bytes", self.bytes) };
        Err(BadFile::new(format!(
            "It has {bytes} after its gzip data, which are neither another part of it nor zeros."
        )))
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
        fn zeros_after_the_gzip_data_are_ignored_and_anything_else_is_rejected(
            text in prop::collection::vec(any::<u8>(), 0..2000),
            members in 1usize..3,
            zeros in 0usize..700,
            rest in prop::collection::vec(any::<u8>(), 0..40),
            piece_size in 1usize..600,
        ) {
            let padded = [gzip(&text).repeat(members), vec![0; zeros]].concat();
            prop_assert_eq!(inflate(&padded, piece_size).unwrap(), text.repeat(members));
            prop_assume!(rest.iter().any(|byte| *byte != 0) && !rest.starts_with(&GZIP_MAGIC));
            let bytes = zeros + rest.len();
            let bytes = if bytes == 1 { "1 byte".to_owned() } else { format!("{bytes} bytes") };
            let sentence = inflate(&[padded.clone(), rest].concat(), piece_size).unwrap_err().to_string();
            let expected = format!("It has {bytes} after its gzip data");
            prop_assert!(sentence.starts_with(&expected), "{}", sentence);
            if zeros > 0 {
                let again = inflate(&[padded, gzip(&text)].concat(), piece_size);
                prop_assert!(again.is_err(), "a member after zeros must not be lost");
            }
        }

        #[test]
        fn padding_does_not_hide_a_truncated_or_damaged_file(
            text in prop::collection::vec(any::<u8>(), 50..1000),
            zeros in 0usize..100,
            piece_size in 1usize..600,
            missing_bytes in 1usize..40,
            at in 0usize..8,
        ) {
            let mut file = gzip(&text);
            let last = file.len() - 1;
            // What is cut off must not be zeros, which the padding would restore.
            prop_assume!(file[file.len() - missing_bytes..].iter().any(|byte| *byte != 0));
            let cut = [&file[..file.len() - missing_bytes], &vec![0; zeros][..]].concat();
            prop_assert!(inflate(&cut, piece_size).is_err());
            file[last - at] ^= 0x40;
            prop_assert!(inflate(&[file, vec![0; zeros]].concat(), piece_size).is_err());
        }

        #[test]
        fn no_input_panics(
            start in prop::sample::select(vec![
                Vec::new(),
                GZIP_MAGIC.to_vec(),
                gzip(b"a"),
                [gzip(b"a"), vec![0]].concat(),
            ]),
            rest in prop::collection::vec(any::<u8>(), 0..300),
            piece_size in 1usize..40,
        ) {
            let _ = inflate(&[start, rest].concat(), piece_size);
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
