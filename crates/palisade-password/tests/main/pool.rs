use std::time::SystemTime;

use palisade_password::{
    Argon2id, HashPool, Hasher, MemoryBudget, Password, PoolError, Queue, Verdict,
};

fn cheap() -> Hasher {
    Hasher::builder().mint(Argon2id::new(1024, 1, 1).unwrap()).build().unwrap()
}

#[test]
fn answers_on_a_thread() {
    let pool = HashPool::new(cheap(), MemoryBudget::mib(4), Queue::bounded(8)).unwrap();
    let password = Password::new("correct horse").unwrap();
    let hash = pool.hash(&password).wait().unwrap();
    let verdict = pool.verify(&password, hash.as_str(), SystemTime::now()).wait().unwrap();
    assert!(matches!(verdict, Verdict::Match { rehash: None, .. }));
}

#[tokio::test]
async fn answers_on_an_executor() {
    let pool = HashPool::new(cheap(), MemoryBudget::mib(4), Queue::bounded(8)).unwrap();
    let password = Password::new("correct horse").unwrap();
    let hash = pool.hash(&password).await.unwrap();
    let verdict = pool.verify(&password, hash.as_str(), SystemTime::now()).await.unwrap();
    assert!(matches!(verdict, Verdict::Match { rehash: None, .. }));
    let other = pool.verify_unknown_user(&password, "nobody", SystemTime::now()).await.unwrap();
    assert_eq!(other, Verdict::Mismatch);
}

#[test]
fn a_full_queue_is_busy_and_no_answer_is_lost() {
    let pool = HashPool::with_workers(cheap(), 2, MemoryBudget::mib(2), Queue::bounded(4)).unwrap();
    let password = Password::new("correct horse").unwrap();
    let hash = pool.hash(&password).wait().unwrap();
    let jobs: Vec<_> =
        (0..500).map(|_| pool.verify(&password, hash.as_str(), SystemTime::now())).collect();
    let (mut answers, mut busy) = (0, 0);
    for job in jobs {
        match job.wait() {
            Ok(Verdict::Match { .. }) => answers += 1,
            Err(PoolError::Busy(refused)) => {
                assert!(refused.retry_after().as_secs() >= 1);
                busy += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(answers + busy, 500);
    assert!(answers >= 4, "{answers}");
    assert!(busy > 0);
}
