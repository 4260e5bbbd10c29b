//! Rate limits: how often somebody may call the routes that cost most. Cloudflare counts the calls, separately in each of its
//! locations and for minutes at a time, before any object is reached. What somebody may read in a day is in [`crate::quota`].

/// A limit and the calls that it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// Attempts to sign in with the key, by network: the caller is nobody yet.
    SignIn,
    /// Windows that a page reads, and the directory, by person. A course page of a year reads some 500 windows; a page asks for the
    /// directory again while Echo360's lists are being read.
    Rows,
    /// Calls that read many windows, by person.
    Reading,
}

/// The period of every limit, in seconds. Cloudflare allows 10 and 60.
pub const PERIOD_SECONDS: u32 = 60;

impl RateLimit {
    /// Every limit.
    pub const ALL: [Self; 3] = [Self::SignIn, Self::Rows, Self::Reading];

    /// The name of the Worker's binding.
    #[must_use]
    pub fn binding(self) -> &'static str {
        match self {
            Self::SignIn => "SIGN_IN_LIMIT",
            Self::Rows => "ROWS_LIMIT",
            Self::Reading => "READING_LIMIT",
        }
    }

    /// The most calls in a period.
    #[must_use]
    pub fn max_calls(self) -> u32 {
        match self {
            Self::SignIn => 60,
            Self::Rows => 3_000,
            Self::Reading => 300,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_configurations_of_the_worker_bind_every_limit() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for file in ["worker/wrangler.toml", "tests/bench/wrangler.toml"] {
            let text = std::fs::read_to_string(root.join(file)).unwrap();
            let bound: Vec<&str> = text.split("[[ratelimits]]").skip(1).collect();
            assert_eq!(bound.len(), RateLimit::ALL.len(), "{file}");
            for limit in RateLimit::ALL {
                let name = format!("name = \"{}\"", limit.binding());
                let simple =
                    format!("simple = {{ limit = {}, period = {PERIOD_SECONDS} }}", limit.max_calls());
                let is_bound = bound.iter().any(|part| part.contains(&name) && part.contains(&simple));
                assert!(is_bound, "{file}: {limit:?}");
            }
        }
    }
}
