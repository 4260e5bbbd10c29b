//! Limits on opening shares, counted in the memory of one isolate: forged tokens by network, calls by link.

use crate::login_throttle::{LoginAttempt, LoginThrottle};
use crate::share_link::ShareLink;
use crate::time::{MINUTE, SECOND, Timestamp};
use std::collections::HashMap;
use std::net::IpAddr;

/// How many networks are remembered at most.
const MAX_NETWORKS: usize = 10_000;

/// How often one share can be called in a minute. A lecture hall that opens one link stays far below; a page
/// that loads itself again in a loop does not.
const MAX_CALLS_PER_MINUTE: u32 = 3_000;

/// The network of a client: an IPv4 address, or the first 64 bits of an IPv6 address, since one client usually
/// has that whole network. Other texts are returned unchanged.
#[must_use]
pub fn network_of(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => {
            address.segments().iter().take(4).map(|part| format!("{part:x}:")).collect()
        }
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}

/// Forged tokens by network, and calls by link.
#[derive(Debug, Default)]
pub struct LinkLimits {
    networks: HashMap<String, LoginThrottle>,
    /// The minute that `calls` counts.
    minute: i64,
    /// By share and the version of its link.
    calls: HashMap<ShareLink, u32>,
}

impl LinkLimits {
    /// Counts a forged token. Returns the seconds that the network has to wait, if it does.
    pub fn count_forged(&mut self, network: &str, now: Timestamp) -> Option<u32> {
        let throttle = self.networks.get(network).copied().unwrap_or_default();
        match throttle.attempt(false, now) {
            LoginAttempt::Throttled { retry_after_seconds } => return Some(retry_after_seconds),
            LoginAttempt::Failed(throttle) => {
                if self.networks.len() >= MAX_NETWORKS {
                    self.forget_networks(now);
                }
                self.networks.insert(network.to_owned(), throttle);
            }
            LoginAttempt::Succeeded => {}
        }
        None
    }

    /// Counts a call with a valid token. Returns the seconds until the link can be used again, if it was used too often.
    /// Each version of a link is counted by itself, so that whoever has a replaced link cannot block the new one.
    pub fn count_call(&mut self, link: &ShareLink, now: Timestamp) -> Option<u32> {
        let minute = now.0.div_euclid(MINUTE);
        if minute != self.minute {
            self.minute = minute;
            self.calls.clear();
        }
        let calls = self.calls.entry(link.clone()).or_default();
        *calls = calls.saturating_add(1);
        let rest = MINUTE - now.0.rem_euclid(MINUTE);
        (*calls > MAX_CALLS_PER_MINUTE)
            .then(|| u32::try_from(rest.saturating_add(SECOND - 1) / SECOND).unwrap_or(u32::MAX))
    }

    /// Forgets networks whose count would start again anyway, and of the others the older half if there are still
    /// too many.
    fn forget_networks(&mut self, now: Timestamp) {
        let cutoff = LoginThrottle::expiry_cutoff(now);
        self.networks.retain(|_, throttle| throttle.last >= cutoff);
        if self.networks.len() >= MAX_NETWORKS {
            let mut times: Vec<Timestamp> = self.networks.values().map(|throttle| throttle.last).collect();
            let (_, median, _) = times.select_nth_unstable(MAX_NETWORKS / 2);
            let median = *median;
            self.networks.retain(|_, throttle| throttle.last > median);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_network_is_an_ipv4_address_or_64_bits_of_an_ipv6_address() {
        assert_eq!(network_of("192.0.2.7"), "192.0.2.7");
        assert_eq!(network_of("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(network_of("2001:db8:1:2:3:4:5:6"), network_of("2001:0db8:1:2::9"));
        assert_ne!(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:3::1"));
        assert_eq!(network_of(""), "");
    }

    #[test]
    fn forged_tokens_slow_down_their_own_network_only() {
        let (mut limits, now) = (LinkLimits::default(), Timestamp(MINUTE));
        let waits: Vec<_> = (0..7).map(|_| limits.count_forged("192.0.2.7", now)).collect();
        assert_eq!(waits, [None, None, None, None, None, Some(10), Some(10)]);
        assert_eq!(limits.count_forged("192.0.2.8", now), None);
        assert_eq!(limits.count_forged("192.0.2.7", now.plus(10 * SECOND)), None);
        assert_eq!(limits.count_forged("192.0.2.7", now.plus(10 * SECOND)), Some(20));
    }

    #[test]
    fn a_share_can_be_called_often_but_not_in_a_loop() {
        let (mut limits, now) = (LinkLimits::default(), Timestamp(60 * MINUTE + 1));
        let link = |id: &str, version| ShareLink { id: id.to_owned(), version };
        for _ in 0..MAX_CALLS_PER_MINUTE {
            assert_eq!(limits.count_call(&link("a", 1), now), None);
        }
        assert_eq!(limits.count_call(&link("a", 1), now), Some(60), "rounded up");
        assert_eq!(limits.count_call(&link("a", 2), now), None, "the link that replaced it works");
        assert_eq!(limits.count_call(&link("b", 1), now), None, "another share is not affected");
        assert_eq!(limits.count_call(&link("a", 1), now.plus(MINUTE)), None);
    }

    #[test]
    fn a_flood_from_many_networks_needs_little_memory_and_throttled_networks_stay_throttled() {
        let (mut limits, mut now) = (LinkLimits::default(), Timestamp(MINUTE));
        for number in 0..3 * MAX_NETWORKS {
            now = now.plus(1);
            limits.count_forged(&number.to_string(), now);
            assert!(limits.networks.len() <= MAX_NETWORKS);
        }
        for _ in 0..5 {
            limits.count_forged("last", now);
        }
        limits.count_forged("another", now.plus(1));
        assert!(limits.count_forged("last", now.plus(1)).is_some());
        // All at once: nobody is newer than the others.
        for number in 0..3 * MAX_NETWORKS {
            limits.count_forged(&format!("at once {number}"), now);
            assert!(limits.networks.len() <= MAX_NETWORKS);
        }
    }

    proptest! {
        #[test]
        fn any_address_has_a_network(address in "\\PC{0,50}") {
            let network = network_of(&address);
            prop_assert!(address.parse::<IpAddr>().is_ok() || network == address);
        }
    }
}
