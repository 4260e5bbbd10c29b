//! Lines that are gathered for a while before they are handed over: equal ones once, with a count, and of different ones no
//! more than there is room for. What finds no room is counted, so that a gap shows.

/// A line that tells how often.
pub trait CountedEntry {
    /// Whether both say the same, however often.
    fn is_same_entry(&self, other: &Self) -> bool;
    /// How often.
    fn count(&mut self) -> &mut u32;
}

/// See the [module](self).
#[derive(Debug)]
pub struct AuditBuffer<T> {
    lines: Vec<T>,
    most: usize,
    lost: u32,
}

impl<T: CountedEntry> AuditBuffer<T> {
    /// None yet; room for `most` different ones.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self { lines: Vec::new(), most, lost: 0 }
    }

    /// Takes a line.
    pub fn push(&mut self, mut line: T) {
        let (count, has_room) = (*line.count(), self.lines.len() < self.most);
        match self.lines.iter_mut().find(|kept| kept.is_same_entry(&line)) {
            Some(same) => *same.count() = same.count().saturating_add(count),
            None if has_room => self.lines.push(line),
            None => self.lost = self.lost.saturating_add(count),
        }
    }

    /// Takes what could not be handed over.
    pub fn restore(&mut self, lines: Vec<T>, lost: u32) {
        lines.into_iter().for_each(|line| self.push(line));
        self.lost = self.lost.saturating_add(lost);
    }

    /// Everything, and how much found no room; there is nothing left here.
    pub fn drain(&mut self) -> (Vec<T>, u32) {
        (std::mem::take(&mut self.lines), std::mem::take(&mut self.lost))
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
        fn whatever_is_taken_is_told_or_counted(
            taken in prop::collection::vec((any::<u8>(), 1u32..5), 0..300), most in 0usize..100, breaks in 0usize..300,
        ) {
            let mut gathered = AuditBuffer::new(most);
            for (n, line) in taken.iter().enumerate() {
                if n == breaks {
                    let (lines, lost) = gathered.drain();
                    gathered.restore(lines, lost);
                }
                gathered.push(*line);
            }
            let (lines, lost) = gathered.drain();
            let sum = |lines: &[(u8, u32)]| lines.iter().map(|line| line.1).sum::<u32>();
            prop_assert_eq!(sum(&lines) + lost, sum(&taken));
            prop_assert!(lines.len() <= most);
            let mut said: Vec<u8> = lines.iter().map(|line| line.0).collect();
            said.sort_unstable();
            said.dedup();
            prop_assert_eq!(said.len(), lines.len(), "each once");
            prop_assert!(lost == 0 || lines.len() == most);
        }
    }
}
