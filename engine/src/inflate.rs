//! Inflates a report's file, gzip or plain, as a stream, and checks it to its last byte.
//!
//! Whether a file is compressed is told by its first two bytes: names and headers are known to lie. A
//! truncated stream, a wrong CRC or a wrong length is an error by [`FileInflater::finish`] at the latest; until
//! then what came out must not be taken for whole.

use flate2::write::MultiGzDecoder;
use std::io::Write;

/// The first bytes of every gzip member.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Compressed bytes that are inflated at a time: deflate can grow 1,032 times, so at most 16 MB come out.
const PIECE: usize = 16 * 1024;

/// Inflates a file that arrives in pieces of any size.
///
/// # Example: a plain file is passed through
/// ```
/// let mut inflate = engine::inflate::FileInflater::default();
/// let mut csv = Vec::new();
/// inflate.push(b"a,b\n", |bytes| { csv.extend_from_slice(bytes); Ok(()) })?;
/// inflate.finish(|bytes| { csv.extend_from_slice(bytes); Ok(()) })?;
/// assert_eq!(csv, b"a,b\n");
/// # Ok::<(), engine::split::BadFile>(())
/// ```
#[derive(Default)]
pub struct FileInflater {
    form: Form,
}

#[derive(Default)]
enum Form {
    /// Not enough bytes yet to tell.
    #[default]
    Unknown,
    /// One byte has come: the first of a gzip member, perhaps.
    FirstByte(u8),
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Plain,
}

use crate::split::BadFile;

impl FileInflater {
    /// Takes the next bytes as they arrived and passes what they hold to `out`.
    ///
    /// # Errors
    /// What is no valid gzip, and what `out` returns.
    pub fn push(
        &mut self,
        bytes: &[u8],
        mut out: impl FnMut(&[u8]) -> Result<(), BadFile>,
    ) -> Result<(), BadFile> {
        let first = match (&self.form, bytes) {
            (_, []) => return Ok(()),
            (Form::Unknown, [one]) => {
                self.form = Form::FirstByte(*one);
                return Ok(());
            }
            (Form::FirstByte(first), _) => Some(*first),
            _ => None,
        };
        match first {
            Some(first) => {
                self.form = Form::Unknown;
                let joined: Vec<u8> = [first].iter().chain(bytes).copied().collect();
                self.push_known(&joined, &mut out)
            }
            None => self.push_known(bytes, &mut out),
        }
    }

    fn push_known(
        &mut self,
        bytes: &[u8],
        out: &mut impl FnMut(&[u8]) -> Result<(), BadFile>,
    ) -> Result<(), BadFile> {
        if matches!(self.form, Form::Unknown) {
            self.form = if bytes.starts_with(&GZIP_MAGIC) {
                Form::Gzip(Box::new(MultiGzDecoder::new(Vec::new())))
            } else {
                Form::Plain
            };
        }
        let Form::Gzip(decoder) = &mut self.form else { return out(bytes) };
        for piece in bytes.chunks(PIECE) {
            decoder.write_all(piece).map_err(|error| BadFile::new(format!("It is broken gzip: {error}.")))?;
            out(decoder.get_ref())?;
            decoder.get_mut().clear();
        }
        Ok(())
    }

    /// To be called after the last byte: passes on what was held back and checks that the file is whole.
    ///
    /// # Errors
    /// A truncated stream, a wrong CRC or length, an empty file, and what `out` returns.
    pub fn finish(self, mut out: impl FnMut(&[u8]) -> Result<(), BadFile>) -> Result<(), BadFile> {
        match self.form {
            Form::Unknown => Err(BadFile::new("It is empty.")),
            Form::FirstByte(byte) => out(&[byte]),
            Form::Plain => Ok(()),
            Form::Gzip(mut decoder) => {
                // Without this the tail is lost silently and the CRC never checked.
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

    fn inflated(file: &[u8], cut: usize) -> Result<Vec<u8>, BadFile> {
        let mut inflate = FileInflater::default();
        let mut plain = Vec::new();
        for piece in file.chunks(cut) {
            inflate.push(piece, |bytes| {
                plain.extend_from_slice(bytes);
                Ok(())
            })?;
        }
        inflate.finish(|bytes| {
            plain.extend_from_slice(bytes);
            Ok(())
        })?;
        Ok(plain)
    }

    proptest! {
        #[test]
        fn a_file_comes_out_as_it_went_in_however_it_is_cut(
            text in prop::collection::vec(any::<u8>(), 1..4000),
            cut in 1usize..600,
        ) {
            prop_assert_eq!(&inflated(&gzip(&text), cut).unwrap(), &text);
            let two_members = [gzip(&text), gzip(b"more")].concat();
            prop_assert_eq!(inflated(&two_members, cut).unwrap(), [&text[..], b"more"].concat());
            if !text.starts_with(&GZIP_MAGIC) {
                prop_assert_eq!(&inflated(&text, cut).unwrap(), &text);
            }
        }

        #[test]
        fn a_truncated_or_damaged_file_is_never_whole(
            text in prop::collection::vec(any::<u8>(), 50..3000),
            cut in 1usize..600,
            lost in 1usize..40,
            at in 0usize..8,
        ) {
            let file = gzip(&text);
            prop_assert!(inflated(&file[..file.len() - lost], cut).is_err());
            let mut damaged = file;
            let tail = damaged.len() - 1 - at; // CRC-32 and length
            damaged[tail] ^= 0x40;
            prop_assert!(inflated(&damaged, cut).is_err());
        }
    }
}
