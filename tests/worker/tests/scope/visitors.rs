//! The visitors: one of each role, and instructors with different access scopes.

use crate::routes::Access;

/// A course or section in an instructor's scope, by its index in the list of courses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// A whole course.
    Course(usize),
    /// A section of a course, among those with rows; the index wraps around.
    Section(usize, usize),
}

/// A visitor.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    /// Part of the test's name and of the visitor's e-mail address.
    pub(crate) name: String,
    /// The kind of visitor.
    pub(crate) access: Access,
    /// An instructor's scope; empty for other kinds.
    pub(crate) parts: Vec<Part>,
}

/// The number of courses of the institution.
pub(crate) const COURSES: usize = 4;

/// The number of instructors with pseudorandom scopes, which are the same in every run.
const RANDOM_INSTRUCTORS: usize = 6;

/// All visitors.
pub(crate) fn all() -> Vec<Visitor> {
    let visitor =
        |name: &str, access, parts: &[Part]| Visitor { name: name.into(), access, parts: parts.into() };
    let instructor = |name: &str, parts: &[Part]| visitor(name, Access::Instructor, parts);
    let mut visitors = vec![
        visitor("stranger", Access::Stranger, &[]),
        visitor("nobody", Access::NoRole, &[]),
        visitor("analyst", Access::Analyst, &[]),
        visitor("administrator", Access::Administrator, &[]),
        instructor("instructor-of-a-course", &[Part::Course(0)]),
        instructor("instructor-of-a-section", &[Part::Section(1, 0)]),
        instructor(
            "instructor-of-two-sections-and-a-course",
            &[Part::Section(1, 0), Part::Section(1, 1), Part::Course(2)],
        ),
        instructor("instructor-of-a-course-and-its-section", &[Part::Course(3), Part::Section(3, 0)]),
    ];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random_below = |bound: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from((state >> 33) % bound).unwrap_or_default()
    };
    for number in 1..=RANDOM_INSTRUCTORS {
        let size = 1 + random_below(4);
        let parts: Vec<Part> = (0..size)
            .map(|_| {
                let (course, section, is_whole) =
                    (random_below(COURSES as u64), random_below(9), random_below(3) == 0);
                if is_whole { Part::Course(course) } else { Part::Section(course, section) }
            })
            .collect();
        visitors.push(instructor(&format!("random-instructor-{number}"), &parts));
    }
    visitors
}

impl Visitor {
    /// The visitor's e-mail address.
    pub(crate) fn email(&self) -> String {
        format!("{}@university.example", self.name)
    }
}
