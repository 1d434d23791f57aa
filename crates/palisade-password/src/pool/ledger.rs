//! Who has which memory, counted in bytes against one budget.

use crate::memory::Workspace;
use crate::stored::Memory;

/// The memory of a pool.
pub(super) struct Ledger {
    budget: u64,
    /// Bytes that running jobs have and that idle workspaces hold.
    reserved: u64,
    /// Workspaces that no job uses.
    idle: Vec<Workspace>,
}

/// What can be done for a job.
pub(super) enum Step {
    /// It may begin.
    Begin(Grant),
    /// These have to go first. Their bytes stay counted until [`Ledger::dropped`] is told of them.
    Drop(Vec<Workspace>),
    /// Others have to end first.
    Wait,
}

/// What a job was given.
pub(super) struct Grant {
    pub(super) workspace: Workspace,
    /// Bytes counted for the job.
    pub(super) charged: u64,
}

impl Ledger {
    pub(super) fn new(budget: u64) -> Self {
        Self { budget, reserved: 0, idle: Vec::new() }
    }

    pub(super) fn reserved(&self) -> u64 {
        self.reserved
    }

    /// Finds memory for a job.
    pub(super) fn step(&mut self, need: Memory, new: impl FnOnce() -> Workspace) -> Step {
        let workspace = if need.argon2 == 0 { None } else { self.best(need.argon2) };
        let held = workspace.as_ref().map_or(0, Workspace::held);
        let charged = held.max(need.argon2).saturating_add(need.beside);
        let reserved = (self.reserved - held).saturating_add(charged);
        if reserved <= self.budget {
            self.reserved = reserved;
            return Step::Begin(Grant { workspace: workspace.unwrap_or_else(new), charged });
        }
        // The others first. What would have been used is the last to go: it may be too large itself.
        if self.idle.is_empty() {
            return workspace.map_or(Step::Wait, |workspace| Step::Drop(vec![workspace]));
        }
        let excess = reserved - self.budget;
        let mut dropped = 0;
        let mut drop = Vec::new();
        while dropped < excess
            && let Some(next) = self.idle.pop()
        {
            dropped += next.held();
            drop.push(next);
        }
        self.idle.extend(workspace);
        Step::Drop(drop)
    }

    /// The smallest idle workspace that is large enough, or else the largest, which will grow.
    fn best(&mut self, bytes: u64) -> Option<Workspace> {
        let fits = self.idle.iter().enumerate().filter(|(_, idle)| idle.held() >= bytes);
        let smallest = fits.min_by_key(|(_, idle)| idle.held()).map(|(at, _)| at);
        let largest = || self.idle.iter().enumerate().max_by_key(|(_, idle)| idle.held());
        let at = smallest.or_else(|| largest().map(|(at, _)| at))?;
        Some(self.idle.swap_remove(at))
    }

    /// Takes back what a job had.
    pub(super) fn give_back(&mut self, workspace: Workspace, charged: u64) {
        self.reserved = self.reserved - charged + workspace.held();
        if workspace.held() > 0 {
            self.idle.push(workspace);
        }
    }

    /// Workspaces of so many bytes are gone.
    pub(super) fn dropped(&mut self, bytes: u64) {
        self.reserved -= bytes;
    }

    pub(super) fn holds_secrets(&self) -> bool {
        self.idle.iter().any(Workspace::is_used)
    }

    /// An idle workspace that may hold what came of a password. It stays counted.
    pub(super) fn take_used(&mut self) -> Option<Workspace> {
        let at = self.idle.iter().position(Workspace::is_used)?;
        Some(self.idle.swap_remove(at))
    }

    /// Takes a workspace back that was wiped.
    pub(super) fn give_back_wiped(&mut self, workspace: Workspace) {
        self.idle.push(workspace);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Backend;
    use crate::memory::tests::fill;

    const KIB: u64 = 1024;

    proptest! {
        /// Jobs begin and end in any order: the count is right and within the budget at each step, and
        /// a job that is alone always begins.
        #[test]
        fn the_count_is_right_whatever_begins_and_ends(
            jobs in prop::collection::vec((0_u64..=64, 0_u64..=32, any::<prop::sample::Index>()), 1..60),
        ) {
            let mut ledger = Ledger::new(96 * KIB);
            let mut running: Vec<Grant> = Vec::new();
            for (argon2, beside, end) in jobs {
                // Argon2 has at least 8 KiB.
                let argon2 = if argon2 < 8 { 0 } else { argon2 };
                let need = Memory { argon2: argon2 * KIB, beside: beside * KIB };
                loop {
                    match ledger.step(need, || Workspace::new(Backend::Portable)) {
                        Step::Begin(mut grant) => {
                            if argon2 > 0 {
                                fill(&mut grant.workspace, u32::try_from(argon2).unwrap());
                            }
                            prop_assert!(grant.charged >= need.total());
                            running.push(grant);
                            break;
                        }
                        Step::Drop(workspaces) => {
                            prop_assert!(!workspaces.is_empty());
                            ledger.dropped(workspaces.iter().map(Workspace::held).sum());
                        }
                        Step::Wait => {
                            prop_assert!(!running.is_empty(), "a job that is alone waits for ever");
                            let grant = running.swap_remove(end.index(running.len()));
                            ledger.give_back(grant.workspace, grant.charged);
                        }
                    }
                    let idle: u64 = ledger.idle.iter().map(Workspace::held).sum();
                    let used: u64 = running.iter().map(|grant| grant.charged).sum();
                    prop_assert_eq!(ledger.reserved(), idle + used);
                    prop_assert!(ledger.reserved() <= 96 * KIB);
                }
            }
        }
    }
}
