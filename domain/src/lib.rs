//! The rules of Lectern, pure: reports, ranges, windows and their life, the schedule, views, problems.
