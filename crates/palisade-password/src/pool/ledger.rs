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

/// What a job was given.
pub(super) struct Grant {
    pub(super) workspace: Workspace,
    /// To be dropped before the job begins: their bytes are counted for it.
    pub(super) evicted: Vec<Workspace>,
    /// Bytes counted for the job.
    charged: u64,
}

impl Ledger {
    pub(super) fn new(budget: u64) -> Self {
        Self { budget, reserved: 0, idle: Vec::new() }
    }

    pub(super) fn reserved(&self) -> u64 {
        self.reserved
    }

    /// Memory for a job; nothing when it has to wait for others to end.
    pub(super) fn grant(&mut self, need: Memory, new: impl FnOnce() -> Workspace) -> Option<Grant> {
        let idle: u64 = self.idle.iter().map(Workspace::held).sum();
        let running = self.reserved - idle;
        if running.saturating_add(need.total()) > self.budget {
            return None;
        }
        let mut workspace = if need.argon2 == 0 { None } else { self.best(need.argon2) };
        let held = workspace.as_ref().map_or(0, Workspace::held);
        let mut evicted = Vec::new();
        let mut charged = held.max(need.argon2) + need.beside;
        // An idle workspace that is larger than needed may be too large beside the others.
        if running + charged > self.budget {
            evicted.extend(workspace.take());
            charged = need.total();
        }
        let mut idle: u64 = self.idle.iter().map(Workspace::held).sum();
        while running + idle + charged > self.budget {
            let Some(next) = self.idle.pop() else { break };
            idle -= next.held();
            evicted.push(next);
        }
        self.reserved = running + idle + charged;
        Some(Grant { workspace: workspace.unwrap_or_else(new), evicted, charged })
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

    pub(super) fn holds_secrets(&self) -> bool {
        self.idle.iter().any(Workspace::is_used)
    }

    /// The idle workspaces that may hold what came of passwords. They stay counted.
    pub(super) fn take_used(&mut self) -> Vec<Workspace> {
        self.idle.extract_if(.., |idle| idle.is_used()).collect()
    }

    /// Takes workspaces back that were wiped.
    pub(super) fn give_back_wiped(&mut self, workspaces: Vec<Workspace>) {
        self.idle.extend(workspaces);
    }
}

impl Grant {
    pub(super) fn charged(&self) -> u64 {
        self.charged
    }
}
