//! The client under real threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use palisade_session::{EpochClient, EpochUnavailable};
use tokio::sync::Semaphore;

use super::client::{DUE, sidecar};
use super::{issue, minutes, noon};

const THREADS: usize = 16;

/// Runs a call on each thread at once, and lets the fetch end when all the calls have begun.
fn together<T: Send>(call: impl Fn(&tokio::runtime::Runtime) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                    start.wait();
                    call(&runtime)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn threads_share_one_flight_or_its_error() {
    for fails in [false, true] {
        let (fetches, begun, gate) = (AtomicUsize::new(0), AtomicUsize::new(0), Semaphore::new(0));
        let client = EpochClient::new(&sidecar(), || async {
            fetches.fetch_add(1, Ordering::SeqCst);
            gate.acquire().await.unwrap().forget();
            if fails { Err("down") } else { Ok(issue(noon())) }
        });
        let got = together(|runtime| {
            runtime.block_on(async {
                if begun.fetch_add(1, Ordering::SeqCst) + 1 == THREADS {
                    // More than one, so that a second flight would be seen and not hang.
                    gate.add_permits(THREADS);
                }
                client.token(noon()).await
            })
        });
        assert_eq!(fetches.load(Ordering::SeqCst), 1, "fails: {fails}");
        for each in &got {
            match (each, &got[0]) {
                (Ok(token), Ok(first)) => assert!(!fails && Arc::ptr_eq(token, first)),
                (Err(EpochUnavailable::Fetch(error)), Err(EpochUnavailable::Fetch(first))) => {
                    assert!(fails && Arc::ptr_eq(error, first));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn one_thread_renews() {
    let (fetches, gate) = (AtomicUsize::new(0), Semaphore::new(1));
    let now = std::sync::Mutex::new(noon());
    let client = EpochClient::new(&sidecar(), || async {
        fetches.fetch_add(1, Ordering::SeqCst);
        gate.acquire().await.unwrap().forget();
        let at = *now.lock().unwrap();
        Ok::<_, &str>(issue(at))
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(client.token(noon())).unwrap();

    let due = noon() + minutes(DUE);
    *now.lock().unwrap() = due;
    let left = AtomicUsize::new(THREADS);
    let epochs = together(|runtime| {
        runtime.block_on(async {
            let mut call = std::pin::pin!(client.token(due));
            // All but the one that fetches are done at the first look.
            let first = std::future::poll_fn(|context| {
                std::task::Poll::Ready(match call.as_mut().poll(context) {
                    std::task::Poll::Ready(got) => Some(got),
                    std::task::Poll::Pending => None,
                })
            })
            .await;
            let waits = first.is_none();
            if left.fetch_sub(1, Ordering::SeqCst) == 1 {
                gate.add_permits(1);
            }
            let got = match first {
                Some(got) => got,
                None => call.await,
            };
            (got.unwrap().epoch(), waits)
        })
    });
    assert_eq!(fetches.load(Ordering::SeqCst), 2);
    assert_eq!(epochs.iter().filter(|(_, waits)| *waits).count(), 1);
    assert!(epochs.iter().all(|(epoch, _)| epoch.to_string() == "epoch_2024010112"));
}

/// The call that was woken first is not polled any more: the fetch wakes the others too.
#[test]
fn whoever_waits_is_woken() {
    let gate = Semaphore::new(0);
    let client = EpochClient::new(&sidecar(), || async {
        gate.acquire().await.unwrap().forget();
        Ok::<_, &str>(issue(noon()))
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (mut held, mut other) =
            (Box::pin(client.token(noon())), Box::pin(client.token(noon())));
        let is_done = |call: std::task::Poll<_>| std::task::Poll::Ready(call.is_ready());
        for call in [&mut held, &mut other] {
            assert!(!std::future::poll_fn(|context| is_done(call.as_mut().poll(context))).await);
        }
        gate.add_permits(1);
        let got = tokio::task::unconstrained(other).await;
        assert!(got.is_ok());
        assert!(held.await.is_ok());
    });
}

/// The fetch asks to be polled again, and then a call comes that is sent away, as the fetch is being
/// polled: it must be woken, for the wake was before its time.
#[test]
fn a_call_that_comes_during_a_poll_misses_no_wake() {
    struct Flag(AtomicUsize);
    impl std::task::Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    let meet = Barrier::new(2);
    let client = EpochClient::new(&sidecar(), || {
        std::future::poll_fn(|context| {
            context.waker().wake_by_ref();
            meet.wait();
            // The other call is polled here.
            meet.wait();
            std::task::Poll::<Result<palisade_session::EpochTokens, &str>>::Pending
        })
    });
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut call = Box::pin(client.token(noon()));
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(call.as_mut().poll(&mut context).is_pending());
            meet.wait();
            // Held until the other has looked.
            meet.wait();
        });
        let flag = Arc::new(Flag(AtomicUsize::new(0)));
        let waker = std::task::Waker::from(Arc::clone(&flag));
        let mut call = Box::pin(client.token(noon()));
        meet.wait();
        let polled = call.as_mut().poll(&mut std::task::Context::from_waker(&waker));
        meet.wait();
        meet.wait();
        let woken = flag.0.load(Ordering::SeqCst);
        meet.wait();
        assert!(polled.is_pending());
        assert_eq!(woken, 1);
    });
}

/// Calls come and are given up on all threads while one fetch after the other runs; each that stays
/// to its end is answered, and a wake that is missed would make this hang.
#[test]
fn calls_that_give_up_strand_nobody() {
    let fetches = AtomicUsize::new(0);
    let client = EpochClient::new(&sidecar(), || {
        fetches.fetch_add(1, Ordering::SeqCst);
        async {
            for _ in 0..50 {
                // On another thread each time, so that wakes and polls meet.
                let (tell, told) = tokio::sync::oneshot::channel();
                std::thread::spawn(move || tell.send(()));
                told.await.unwrap();
            }
            Ok::<_, &str>(issue(noon()))
        }
    });
    for round in 0..20 {
        // Longer than any pause.
        let now = noon() + minutes(round);
        let tokens = together(|runtime| {
            runtime.block_on(async {
                for _ in 0..20 {
                    let mut call = Box::pin(client.token(now));
                    std::future::poll_fn(|context| {
                        let _ = call.as_mut().poll(context);
                        std::task::Poll::Ready(())
                    })
                    .await;
                    tokio::task::yield_now().await;
                }
                client.token(now).await.unwrap()
            })
        });
        assert!(tokens.iter().all(|token| Arc::ptr_eq(token, &tokens[0])));
        client.forget(&tokens[0]);
    }
    assert_eq!(fetches.load(Ordering::SeqCst), 20);
}

/// A client is shared between tasks that move between threads.
#[test]
fn its_calls_may_move_between_threads() {
    fn assert_send<T: Send>(_: &T) {}
    let client =
        EpochClient::new(&sidecar(), || async { Err::<palisade_session::EpochTokens, _>("down") });
    assert_send(&client);
    assert_send(&client.token(noon()));
}
