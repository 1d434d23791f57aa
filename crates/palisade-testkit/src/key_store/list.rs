//! Lists and their pages.

use palisade_apikey::{ApiKeyId, KeyRecord, KeyStore, Owner};

use super::sample::{MICROSECOND, assert_same, digest, id, insert_all, sample};

fn owner(text: &str) -> Owner {
    text.parse().expect("an owner")
}

/// All of an owner's records, page by page.
async fn all_pages(store: &impl KeyStore, owner: &Owner, limit: usize) -> Vec<KeyRecord> {
    let mut all: Vec<KeyRecord> = Vec::new();
    loop {
        let after = all.last().map(|record| record.id.clone());
        let page = store.list(owner, after.as_ref(), limit).await.expect("the store answers");
        assert!(page.len() <= limit, "a page of {} under a limit of {limit}", page.len());
        if page.is_empty() {
            return all;
        }
        all.extend(page);
        assert!(all.len() <= 1000, "the pages go on for ever");
    }
}

/// Records created at three moments, with ids in the order of none of the usual collations, in the
/// order they should be listed.
fn in_order() -> Vec<KeyRecord> {
    let ids = ["-", "10", "9", "A", "B", "Z", "_", "a", "aa", "b", "z"];
    let mut records = Vec::new();
    for moment in 0..3_u32 {
        for id in ids {
            let n = records.len() as u64;
            records.push(KeyRecord {
                id: format!("{id}_{}", 9 - moment).parse().expect("an id"),
                digest: digest(n),
                created: sample(0).created + MICROSECOND * moment,
                ..sample(n)
            });
        }
    }
    records.sort_by_key(|record| (record.created, record.id.as_str().as_bytes().to_vec()));
    records
}

async fn insert_shuffled(store: &impl KeyStore, records: &[KeyRecord]) {
    // 7 has no factor in common with 33, so this visits each once.
    for n in 0..records.len() {
        insert_all(store, std::slice::from_ref(&records[n * 7 % records.len()])).await;
    }
}

/// By time of creation, then by the bytes of the id, whatever the order of insertion.
pub async fn list_is_ordered_by_creation_then_id<S: KeyStore>(store: S) {
    let records = in_order();
    insert_shuffled(&store, &records).await;
    for limit in [records.len(), usize::MAX] {
        let listed = store.list(&owner("org_1"), None, limit).await.expect("the store answers");
        assert_eq!(listed.len(), records.len());
        for (listed, expected) in listed.iter().zip(&records) {
            assert_same(listed, expected);
        }
    }
}

/// Pages of any size make up the list, also where records were created at the same moment; a limit
/// of zero yields nothing.
pub async fn pages_have_no_gaps_and_no_repeats<S: KeyStore>(store: S) {
    let records = in_order();
    insert_shuffled(&store, &records).await;
    let ids: Vec<&ApiKeyId> = records.iter().map(|record| &record.id).collect();
    for limit in [1, 2, 3, 10, 33, 34] {
        let listed = all_pages(&store, &owner("org_1"), limit).await;
        let listed: Vec<&ApiKeyId> = listed.iter().map(|record| &record.id).collect();
        assert_eq!(listed, ids, "in pages of {limit}");
    }
    for after in [None, Some(&records[4].id)] {
        let none = store.list(&owner("org_1"), after, 0).await.expect("the store answers");
        assert!(none.is_empty(), "a limit of zero yields something");
    }
}

/// No owner sees another's keys, however similar the names.
pub async fn a_list_holds_the_keys_of_one_owner<S: KeyStore>(store: S) {
    let owners = ["org_1", "org_2", "ORG_1", "org_10", "org%1", "org"];
    for (index, name) in owners.iter().enumerate() {
        for n in 0..3 {
            let n = 10 * n + index as u64;
            insert_all(&store, &[KeyRecord { owner: owner(name), ..sample(n) }]).await;
        }
    }
    for (index, name) in owners.iter().enumerate() {
        let listed = all_pages(&store, &owner(name), 2).await;
        let ids: Vec<ApiKeyId> = listed.into_iter().map(|record| record.id).collect();
        let expected: Vec<ApiKeyId> = (0..3).map(|n| id(10 * n + index as u64)).collect();
        assert_eq!(ids, expected, "the keys of {name}");
    }
    let nobody = store.list(&owner("nobody"), None, 10).await.expect("the store answers");
    assert!(nobody.is_empty());
}

/// After a key that does not exist, or is another owner's, comes nothing, rather than the list from
/// its start or from the place of a stranger's key.
pub async fn a_list_after_an_unknown_key_is_empty<S: KeyStore>(store: S) {
    let foreign = KeyRecord { owner: owner("org_2"), ..sample(0) };
    insert_all(&store, &[foreign, sample(1), sample(2)]).await;
    for unknown in [id(0), id(3)] {
        let listed = store.list(&owner("org_1"), Some(&unknown), 10).await;
        assert!(listed.expect("the store answers").is_empty(), "after {unknown}");
    }
}
