//! What goes on in the background.

use std::sync::{Arc, Weak};

use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};

use super::{CALM, Shared, State, Up};
use crate::pauses::Pauses;

/// What is done in the background. Whoever sets [`State::Trying`] begins the one `Restore` there is; a connection is in
/// doubt while its `Check` runs.
#[derive(Clone, Copy)]
pub(super) enum Task {
    Restore,
    Check(u64),
}

/// Does a task in the background. What it leaves behind is never a state that nobody ends, not even when
/// its runtime stops.
pub(super) fn look_after(shared: &Arc<Shared>, task: Task) {
    let care = Care { link: Arc::downgrade(shared), task: Some(task) };
    // Without a runtime the care is dropped here, and the next caller begins anew.
    if let Ok(runtime) = Handle::try_current() {
        match task {
            Task::Restore => drop(runtime.spawn(restore(care))),
            Task::Check(number) => drop(runtime.spawn(check(care, number))),
        }
    }
}

struct Care {
    link: Weak<Shared>,
    /// None when it has come to its end.
    task: Option<Task>,
}

impl Drop for Care {
    fn drop(&mut self) {
        let (Some(task), Some(shared)) = (self.task, self.link.upgrade()) else { return };
        shared.state.send_if_modified(|state| match (task, state) {
            (Task::Restore, state @ (State::Trying | State::Down(_))) => {
                *state = State::Idle;
                true
            }
            (Task::Check(number), State::Up(up)) if up.number == number => {
                up.in_doubt = false;
                false
            }
            _ => false,
        });
    }
}

/// Tries to connect until it succeeds, or until nobody has the link any more.
async fn restore(mut care: Care) {
    let mut pauses = Pauses::new();
    loop {
        let Some(shared) = care.link.upgrade() else { return };
        match shared.open().await {
            Ok(up) => {
                care.task = None;
                shared.state.send_replace(State::Up(up));
                return;
            }
            Err(error) => shared.state.send_replace(State::Down(error)),
        };
        drop(shared);
        sleep(pauses.next()).await;
    }
}

/// Finds out whether the connection with this number still works, and replaces it if not.
async fn check(care: Care, number: u64) {
    let Some(shared) = care.link.upgrade() else { return };
    let Some(mut connection) = shared.connection(number) else { return };
    let answer = timeout(shared.options.answering(), connection.ping()).await;
    if !matches!(answer, Ok(Ok(()))) {
        let state = if shared.options.is_cluster() {
            // The other nodes go on answering meanwhile.
            match shared.open().await {
                Ok(up) => State::Up(Up { in_doubt: true, number, ..up }),
                Err(error) => State::Down(error),
            }
        } else {
            State::Trying
        };
        let is_lost = !matches!(state, State::Up(_));
        // It may have been lost meanwhile, and somebody else be connecting.
        if shared.replace(number, state) && is_lost {
            look_after(&shared, Task::Restore);
            return;
        }
    }
    drop((shared, connection));
    sleep(CALM).await;
}
