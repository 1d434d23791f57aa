//! Usage only grows.

use palisade_apikey::{KeyRecord, KeyStore};

use super::sample::{MICROSECOND, SECOND, assert_stored, insert_all, load, noon, sample, usage};

/// Counts are added to what is stored, also when a key appears twice in a batch, and no other
/// record changes.
pub async fn usage_is_added<S: KeyStore>(store: S) {
    let record = KeyRecord { use_count: 10, ..sample(1) };
    insert_all(&store, &[record.clone(), sample(2), sample(3)]).await;
    store.add_usage(&[]).await.expect("an empty batch is no error");
    assert_stored(&store, &record).await;

    let batch = [
        usage(1, 3, noon()),
        usage(2, 1, noon() - SECOND),
        usage(1, 4, noon() + MICROSECOND),
        usage(1, 0, noon()),
    ];
    store.add_usage(&batch).await.expect("the store answers");
    store.add_usage(&batch[..1]).await.expect("the store answers");
    let used = KeyRecord { use_count: 20, last_used: Some(noon() + MICROSECOND), ..record };
    assert_stored(&store, &used).await;
    assert_stored(
        &store,
        &KeyRecord { use_count: 1, last_used: Some(noon() - SECOND), ..sample(2) },
    )
    .await;
    assert_stored(&store, &sample(3)).await;
}

/// A batch that arrives late adds its count and leaves the later time.
pub async fn last_use_never_moves_back<S: KeyStore>(store: S) {
    insert_all(&store, &[sample(1)]).await;
    let times = [noon(), noon() - SECOND, noon() - MICROSECOND, noon()];
    for (count, at) in (1..).zip(times) {
        store.add_usage(&[usage(1, 1, at)]).await.expect("the store answers");
        let record = load(&store, 1).await;
        assert_eq!((record.use_count, record.last_used), (count, Some(noon())), "after {at:?}");
    }
    store.add_usage(&[usage(1, 1, noon() + MICROSECOND)]).await.expect("the store answers");
    assert_eq!(load(&store, 1).await.last_used, Some(noon() + MICROSECOND));
}

/// A key that is gone does not cost the others their uses.
pub async fn unknown_ids_in_a_batch_are_passed_over<S: KeyStore>(store: S) {
    insert_all(&store, &[sample(1), sample(2)]).await;
    let batch =
        [usage(8, 5, noon()), usage(1, 1, noon()), usage(9, 5, noon()), usage(2, 2, noon())];
    store.add_usage(&batch).await.expect("unknown ids are no error");
    assert_eq!(load(&store, 1).await.use_count, 1);
    assert_eq!(load(&store, 2).await.use_count, 2);
    assert!(store.load(&batch[0].id).await.expect("it answers").is_none(), "a key was made up");
}

/// At its limit, which is no less than 2^63 - 1, a count stays there: it never falls.
pub async fn counts_never_wrap<S: KeyStore>(store: S) {
    let limit = i64::MAX.unsigned_abs();
    insert_all(&store, &[KeyRecord { use_count: limit - 1, ..sample(1) }, sample(2)]).await;
    let mut last = limit - 1;
    for (n, more) in [(1, 1), (1, 1), (1, 1000), (1, limit), (1, u64::MAX), (1, 0)] {
        store.add_usage(&[usage(n, more, noon())]).await.expect("a full count is no error");
        let count = load(&store, n).await.use_count;
        assert!(count >= limit && count >= last, "{last} plus {more} became {count}");
        last = count;
    }
    store.add_usage(&[usage(2, u64::MAX, noon())]).await.expect("a full count is no error");
    assert!(load(&store, 2).await.use_count >= limit, "a large addition was lost");
}
