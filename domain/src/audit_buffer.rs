//! A bounded buffer of audit entries, in which equal entries are merged and what does not fit is counted, so that a
//! gap is visible. The Worker empties it once a second.

/// An entry with a count of its repetitions.
pub trait CountedEntry {
    /// Whether both entries are equal apart from their counts.
    fn is_same_entry(&self, other: &Self) -> bool;
    /// How often the entry occurred.
    fn count(&mut self) -> &mut u32;
}

/// See the [module](self).
#[derive(Debug)]
pub struct AuditBuffer<T> {
    entries: Vec<T>,
    capacity: usize,
    /// Repetitions that were dropped because the buffer was full.
    dropped: u32,
}

impl<T: CountedEntry> AuditBuffer<T> {
    /// Creates an empty buffer for at most `capacity` different entries.
    #[must_use]
    pub const fn new(capacity: usize) -> Self {
        Self { entries: Vec::new(), capacity, dropped: 0 }
    }

    /// The number of different entries.
    #[must_use]
    pub fn entry_count(&self) -> usize {
        self.entries.len()
    }

    /// Adds an entry, or its count to an equal one. A new entry is dropped and counted when the buffer is
    /// full.
    pub fn push(&mut self, mut entry: T) {
        let (count, has_room) = (*entry.count(), self.entries.len() < self.capacity);
        match self.entries.iter_mut().find(|buffered| buffered.is_same_entry(&entry)) {
            Some(same) => *same.count() = same.count().saturating_add(count),
            None if has_room => self.entries.push(entry),
            None => self.dropped = self.dropped.saturating_add(count),
        }
    }

    /// Puts back what [`AuditBuffer::drain`] returned, when it could not be sent.
    pub fn restore(&mut self, entries: Vec<T>, dropped: u32) {
        entries.into_iter().for_each(|entry| self.push(entry));
        self.dropped = self.dropped.saturating_add(dropped);
    }

    /// Empties the buffer. Returns its entries and the number of dropped repetitions.
    pub fn drain(&mut self) -> (Vec<T>, u32) {
        (std::mem::take(&mut self.entries), std::mem::take(&mut self.dropped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl CountedEntry for (u8, u32) {
        fn is_same_entry(&self, other: &Self) -> bool {
            self.0 == other.0
        }

        fn count(&mut self) -> &mut u32 {
            &mut self.1
        }
    }

    proptest! {
        #[test]
        fn every_entry_is_drained_or_counted_as_dropped(
            pushed in prop::collection::vec((any::<u8>(), 1u32..5), 0..300), capacity in 0usize..100, restore_at in 0usize..300,
        ) {
            let mut buffer = AuditBuffer::new(capacity);
            for (n, entry) in pushed.iter().enumerate() {
                if n == restore_at {
                    let (entries, dropped) = buffer.drain();
                    buffer.restore(entries, dropped);
                }
                buffer.push(*entry);
            }
            let (entries, dropped) = buffer.drain();
            let sum = |entries: &[(u8, u32)]| entries.iter().map(|entry| entry.1).sum::<u32>();
            prop_assert_eq!(sum(&entries) + dropped, sum(&pushed));
            prop_assert!(entries.len() <= capacity);
            let mut keys: Vec<u8> = entries.iter().map(|entry| entry.0).collect();
            keys.sort_unstable();
            keys.dedup();
            prop_assert_eq!(keys.len(), entries.len(), "an entry is in the buffer twice");
            prop_assert!(dropped == 0 || entries.len() == capacity);
        }
    }
}
