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

/// Courses of the institution.
pub(crate) const COURSES: usize = 4;

/// Instructors with pseudorandom scopes, the same in every run.
const DRAWN: usize = 6;

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
    let mut dice = 0x2545_f491_4f6c_dd1d_u64;
    let mut roll = |of: u64| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        usize::try_from((dice >> 33) % of).unwrap_or_default()
    };
    for number in 1..=DRAWN {
        let size = 1 + roll(4);
        let parts: Vec<Part> = (0..size)
            .map(|_| {
                let (course, section, is_whole) = (roll(COURSES as u64), roll(9), roll(3) == 0);
                if is_whole { Part::Course(course) } else { Part::Section(course, section) }
            })
            .collect();
        visitors.push(instructor(&format!("drawn-instructor-{number}"), &parts));
    }
    visitors
}

impl Visitor {
    /// The visitor's e-mail address.
    pub(crate) fn email(&self) -> String {
        format!("{}@university.example", self.name)
    }
}
