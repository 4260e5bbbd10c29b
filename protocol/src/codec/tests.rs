//! Arbitrary messages survive encoding and decoding; damaged ones are refused or valid.

mod messages;

use self::messages::{course_options, is_valid, query, request, response};
use super::*;
use crate::{ReportSource, Request, Response, Subject};
use domain::activity::Weights;
use domain::query::CourseOptions;
use domain::range::Range;
use domain::report::ReportName;
use proptest::prelude::*;
use proptest::sample::Index;

/// The bytes with `new` in the place of `old`.
fn replace(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let at = bytes.windows(old.len()).position(|part| part == old).unwrap();
    [&bytes[..at], new, &bytes[at + old.len()..]].concat()
}

/// Whether only the message itself is decoded as one: neither more nor fewer bytes.
fn is_exact<T: DeserializeOwned>(bytes: &[u8], cut: Index) -> bool {
    let longer = [bytes, &[0]].concat();
    decode::<T>(&longer).is_none() && decode::<T>(&bytes[..cut.index(bytes.len())]).is_none()
}

proptest! {
    #[test]
    fn a_request_is_decoded_as_it_was_encoded(request in request(), cut in any::<Index>()) {
        let bytes = encode(&request);
        prop_assert!(is_exact::<Request>(&bytes, cut));
        prop_assert!(is_valid(&request));
        prop_assert_eq!(decode(&bytes), Some(request));
    }

    #[test]
    fn a_response_is_decoded_as_it_was_encoded(response in response(), cut in any::<Index>()) {
        let bytes = encode(&response);
        prop_assert!(is_exact::<Response>(&bytes, cut));
        prop_assert_eq!(decode(&bytes), Some(response));
    }

    #[test]
    fn a_request_with_an_invalid_range_report_or_weight_is_refused(
        mut query in query(), options in course_options(),
    ) {
        let options = CourseOptions { weights: Weights::default(), ..options };
        query.subject = Subject::Course { options, comparison_label: String::new() };
        query.measure.base.range = Range::parse("2026-02-02", "2026-02-08").unwrap();
        let report = ReportName::parse("polling").unwrap();
        query.sources = vec![ReportSource { report, course: None, windows: Vec::new() }];
        let bytes = encode(&Request::Query(Box::new(query)));
        let decode_with = |old: &[u8], new: &[u8]| decode::<Request>(&replace(&bytes, old, new));
        prop_assert!(decode_with(b"2026-02-08", b"2026-02-03").is_some());
        prop_assert!(decode_with(b"2026-02-08", b"2026-02-01").is_none());
        prop_assert!(decode_with(b"2026-02-08", b"2026-02-30").is_none());
        prop_assert!(decode_with(b"polling", b"poll/ng").is_none());
        prop_assert!(decode_with(&[3, 2, 2, 1, 1, 1], &[3, 2, 2, 1, 1, 6]).is_none());
    }

    #[test]
    fn a_damaged_request_is_refused_or_valid(
        request in request(), at in any::<Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = encode(&request);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Some(request) = decode::<Request>(&bytes) {
            prop_assert!(is_valid(&request));
            prop_assert_eq!(decode(&encode(&request)), Some(request));
        }
    }

    #[test]
    fn a_damaged_response_is_refused_or_valid(
        response in response(), at in any::<Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = encode(&response);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Some(response) = decode::<Response>(&bytes) {
            // Bytes are compared, since a damaged number may be NaN, which equals nothing.
            let bytes = encode(&response);
            prop_assert_eq!(decode::<Response>(&bytes).map(|response| encode(&response)), Some(bytes));
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(decode::<Request>(&bytes).is_none_or(|request| is_valid(&request)));
        let _ = decode::<Response>(&bytes);
    }
}
