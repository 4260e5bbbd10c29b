//! A compact binary format for messages between the programs of one page, which always come from one build.
//!
//! It replaces JSON, whose readers, derived for every type on both sides, made up a tenth of the page. A
//! value is its fields one after the other: numbers in as few bytes as they need, texts and lists after their
//! length. There are no field names and no versions, so the format is never stored and never read by another
//! build.

use crate::time::{Day, Timestamp};
use chrono::Datelike;

/// A type that can be sent in this format. Implemented with [`wire_struct!`](crate::wire_struct) and
/// [`wire_enum!`](crate::wire_enum).
pub trait Wire: Sized {
    /// Appends the value to `to`.
    fn write(&self, to: &mut Vec<u8>);

    /// Reads a value from the reader's position; `None` if the bytes there are not a valid one.
    fn read(from: &mut Reader<'_>) -> Option<Self>;
}

/// A position in bytes that are being read.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn read_bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    /// Reads the next byte; `None` at the end.
    pub fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    /// Reads a variable-length number: seven bits per byte, the lowest first; the last byte is below 128.
    #[inline(never)]
    fn read_number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Some(number);
            }
        }
        None
    }

    #[inline(never)]
    fn read_text(&mut self) -> Option<&'a str> {
        let length = usize::read(self)?;
        std::str::from_utf8(self.read_bytes(length)?).ok()
    }
}

#[inline(never)]
fn write_number(mut number: u64, to: &mut Vec<u8>) {
    while number >= 128 {
        to.push((number & 127) as u8 | 128);
        number >>= 7;
    }
    to.push((number & 127) as u8);
}

/// Encodes a value.
#[must_use]
pub fn written<T: Wire>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.write(&mut bytes);
    bytes
}

/// Decodes a value; `None` if the bytes are not exactly one valid value.
#[must_use]
pub fn read<T: Wire>(bytes: &[u8]) -> Option<T> {
    let mut from = Reader(bytes);
    let value = T::read(&mut from)?;
    from.0.is_empty().then_some(value)
}

/// Implements [`Wire`](crate::wire::Wire) for a struct as its fields in this order:
/// `wire_struct!(Watched { rows, viewers });`
#[macro_export]
macro_rules! wire_struct {
    ($name:ty { $($field:ident),* $(,)? }) => {
        impl $crate::wire::Wire for $name {
            fn write(&self, to: &mut Vec<u8>) {
                $( $crate::wire::Wire::write(&self.$field, to); )*
            }
            fn read(from: &mut $crate::wire::Reader<'_>) -> Option<Self> {
                Some(Self { $( $field: $crate::wire::Wire::read(from)?, )* })
            }
        }
    };
}

/// Implements [`Wire`](crate::wire::Wire) for an enum as the variant's number (one byte), then its fields:
/// `wire_enum!(Known { 0 Missing, 1 Complete(watched) });`
#[macro_export]
macro_rules! wire_enum {
    ($name:ty { $($tag:literal $variant:ident $(($($part:ident),*))? $({$($field:ident),* $(,)?})?),* $(,)? }) => {
        impl $crate::wire::Wire for $name {
            fn write(&self, to: &mut Vec<u8>) {
                match self {
                    $( Self::$variant $(($($part),*))? $({$($field),*})? => {
                        to.push($tag);
                        $( $( $crate::wire::Wire::write($part, to); )* )?
                        $( $( $crate::wire::Wire::write($field, to); )* )?
                    } )*
                }
            }
            fn read(from: &mut $crate::wire::Reader<'_>) -> Option<Self> {
                match from.byte()? {
                    $( $tag => {
                        $( $( let $part = $crate::wire::Wire::read(from)?; )* )?
                        $( $( let $field = $crate::wire::Wire::read(from)?; )* )?
                        Some(Self::$variant $(($($part),*))? $({$($field),*})?)
                    } )*
                    _ => None,
                }
            }
        }
    };
}

macro_rules! unsigned {
    ($($number:ty),*) => { $(
        impl Wire for $number {
            fn write(&self, to: &mut Vec<u8>) {
                // Cannot fail: none of these types is wider than 64 bits.
                write_number(u64::try_from(*self).unwrap_or(u64::MAX), to);
            }
            fn read(from: &mut Reader<'_>) -> Option<Self> {
                from.read_number()?.try_into().ok()
            }
        }
    )* };
}

unsigned!(u8, u16, u32, u64, usize);

impl Wire for i64 {
    fn write(&self, to: &mut Vec<u8>) {
        // Zigzag: 0, -1, 1, -2, … become 0, 1, 2, 3, …, so that small numbers of either sign need few bytes.
        write_number(((self << 1) ^ (self >> 63)).cast_unsigned(), to);
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let number = from.read_number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }
}

impl Wire for i32 {
    fn write(&self, to: &mut Vec<u8>) {
        i64::from(*self).write(to);
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        i64::read(from)?.try_into().ok()
    }
}

impl Wire for f64 {
    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.to_le_bytes());
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self::from_le_bytes(from.read_bytes(8)?.try_into().ok()?))
    }
}

impl Wire for bool {
    fn write(&self, to: &mut Vec<u8>) {
        to.push(u8::from(*self));
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(from.byte()? != 0)
    }
}

impl Wire for String {
    #[inline(never)]
    fn write(&self, to: &mut Vec<u8>) {
        self.len().write(to);
        to.extend_from_slice(self.as_bytes());
    }
    #[inline(never)]
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.read_text().map(str::to_owned)
    }
}

impl<T: Wire> Wire for Option<T> {
    fn write(&self, to: &mut Vec<u8>) {
        self.is_some().write(to);
        if let Some(some) = self {
            some.write(to);
        }
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        if bool::read(from)? { T::read(from).map(Some) } else { Some(None) }
    }
}

impl<T: Wire> Wire for Box<T> {
    fn write(&self, to: &mut Vec<u8>) {
        T::write(self, to);
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        T::read(from).map(Self::new)
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn write(&self, to: &mut Vec<u8>) {
        self.len().write(to);
        self.iter().for_each(|item| item.write(to));
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let mut items = Self::new();
        // The vector grows as items are read, so that a wrong length allocates nothing.
        for _ in 0..usize::read(from)? {
            items.push(T::read(from)?);
        }
        Some(items)
    }
}

impl<T: Wire + Copy + Default, const N: usize> Wire for [T; N] {
    fn write(&self, to: &mut Vec<u8>) {
        self.iter().for_each(|item| item.write(to));
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let mut items = [T::default(); N];
        for item in &mut items {
            *item = T::read(from)?;
        }
        Some(items)
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn write(&self, to: &mut Vec<u8>) {
        self.0.write(to);
        self.1.write(to);
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some((A::read(from)?, B::read(from)?))
    }
}

impl Wire for Day {
    fn write(&self, to: &mut Vec<u8>) {
        self.num_days_from_ce().write(to);
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Self::from_num_days_from_ce_opt(i32::read(from)?)
    }
}

impl Wire for Timestamp {
    fn write(&self, to: &mut Vec<u8>) {
        self.0.write(to);
    }
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        i64::read(from).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::institution_role::InstitutionRole;
    use crate::range::Range;
    use crate::report::ReportName;
    use crate::zone::Zone;
    use proptest::prelude::*;

    #[derive(Debug, Clone, PartialEq)]
    struct Everything {
        numbers: (u64, Vec<(i64, i32)>),
        exact: f64,
        text: Option<String>,
        few: [u32; 3],
        thing: Box<Thing>,
        day: Day,
        at: Timestamp,
    }
    wire_struct!(Everything { numbers, exact, text, few, thing, day, at });

    #[derive(Debug, Clone, PartialEq)]
    enum Thing {
        Nothing,
        Pair(u32, bool),
        Named { name: String, size: usize },
    }
    wire_enum!(Thing { 0 Nothing, 1 Pair(first, second), 2 Named { name, size } });

    fn thing() -> impl Strategy<Value = Thing> {
        prop_oneof![
            Just(Thing::Nothing),
            (any::<u32>(), any::<bool>()).prop_map(|(first, second)| Thing::Pair(first, second)),
            (".*", any::<u32>()).prop_map(|(name, size)| Thing::Named { name, size: size as usize }),
        ]
    }

    prop_compose! {
        fn everything()(
            numbers in any::<(u64, Vec<(i64, i32)>)>(),
            exact in any::<f64>().prop_filter("nothing equals NaN", |number| !number.is_nan()),
            text in any::<Option<String>>(),
            few in any::<[u32; 3]>(),
            thing in thing(),
            days in 0i32..3_000_000,
            at in any::<i64>(),
        ) -> Everything {
            let day = Day::from_num_days_from_ce_opt(days).unwrap();
            Everything { numbers, exact, text, few, thing: Box::new(thing), day, at: Timestamp(at) }
        }
    }

    proptest! {
        #[test]
        fn a_value_is_decoded_as_it_was_encoded_but_not_from_more_or_fewer_bytes(
            value in everything(),
            cut in any::<prop::sample::Index>(),
        ) {
            let bytes = written(&value);
            prop_assert_eq!(read::<Everything>(&bytes), Some(value));
            prop_assert_eq!(read::<Everything>(&[bytes.as_slice(), &[0]].concat()), None);
            prop_assert_eq!(read::<Everything>(&bytes[..cut.index(bytes.len())]), None);
        }

        #[test]
        fn arbitrary_bytes_give_only_valid_values(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(value) = read::<Everything>(&bytes) {
                prop_assert!(value.exact.is_nan() || read(&written(&value)) == Some(value));
            }
            if let Some(range) = read::<Range>(&bytes) {
                prop_assert!(range.from() <= range.to());
            }
            if let Some(name) = read::<ReportName>(&bytes) {
                prop_assert_eq!(ReportName::parse(name.as_str()), Some(name));
            }
            let _ = read::<Vec<Vec<String>>>(&bytes);
        }
    }

    #[test]
    fn ranges_zones_roles_and_report_names_are_decoded_as_they_were_encoded() {
        let range = Range::parse("2026-02-02", "2026-03-01").unwrap();
        let zone = Zone::trace("Europe/Berlin", Timestamp(0), Timestamp(4 * crate::time::DAY), |t| {
            Some(if t.0 < 1000 { 3600 } else { -7200 })
        });
        let value = ((range, zone), (InstitutionRole::ALL.to_vec(), ReportName::parse("polling")));
        assert_eq!(read(&written(&value)), Some(value));
    }
}
