//! Keys of any bytes.

use std::sync::Arc;

use palisade_ratelimit::{Limiter, Request};

use super::sample::{check, left, passes, policy, take};

fn strange() -> Vec<Vec<u8>> {
    let mut long = vec![b'x'; 1 << 20];
    let mut keys: Vec<Vec<u8>> = [
        &b""[..],
        b"\0",
        b"\0\0",
        b" ",
        b"a",
        b"a ",
        b" a",
        b"A",
        b"a\0",
        b"a\n",
        b"a\r\n",
        b"a\nb",
        b"ab",
        b"{",
        b"}",
        b"{}",
        b"{a}",
        b"{a}b",
        b"a{b}",
        b"}{",
        b":",
        b"a:b",
        b"a:",
        b"*",
        b"#",
        b"%61",
        b"\xff",
        b"\xff\xfe",
        b"\xc3",
    ]
    .into_iter()
    .map(<[u8]>::to_vec)
    .collect();
    keys.extend(["ä", "a\u{308}", "\u{202e}a", "ключ", "🔑"].map(|key| key.as_bytes().to_vec()));
    // They differ in the last byte alone, at lengths around those that are cut or hashed somewhere.
    for len in [8, 16, 32, 64, 65, 128, 255, 256, 512, 4_096, 65_536] {
        keys.push([&vec![b'k'; len - 1][..], b"1"].concat());
        keys.push([&vec![b'k'; len - 1][..], b"2"].concat());
    }
    keys.push(long.clone());
    if let Some(last) = long.last_mut() {
        *last = b'y';
    }
    keys.push(long);
    keys
}

/// Every key has a counter of its own, in the first tier and within another.
pub async fn strange_keys_do_not_meet<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    let (wide, narrow) = (policy("wide", "2/day"), policy("narrow", "2/day fixed"));
    let keys = strange();
    for round in [1, 0] {
        for (n, key) in keys.iter().enumerate() {
            let decision =
                check(&*limiter, &Request::new(&wide, key).within(&narrow, "k"), 0).await;
            assert_eq!(left(&decision), [round, round], "key {n} as a group");
        }
    }
    let group = policy("group", "1000/day");
    for round in [1, 0] {
        for (n, key) in keys.iter().enumerate() {
            let request = Request::new(&group, "group").within(&narrow, key);
            let decision = check(&*limiter, &request, 0).await;
            assert_eq!(left(&decision).last(), Some(&round), "key {n} within a group");
        }
    }
}

/// Where a group ends and a key begins is no matter of the bytes in them: a stranger who chooses both reaches no counter
/// of another.
pub async fn keys_and_groups_do_not_meet<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let limiter = open().await;
    let (wide, narrow) = (policy("wide", "1000/day"), policy("narrow", "1/day"));
    let zeros = [0; 8];
    let framed = [&8_u64.to_le_bytes()[..], b"x"].concat();
    let behind = [b"x", &1_u64.to_le_bytes()[..]].concat();
    let pairs: [(&[u8], &[u8]); 22] = [
        (b"", b""),
        (b"", b"ab"),
        (b"a", b"b"),
        (b"ab", b""),
        (b"a", b"bc"),
        (b"ab", b"c"),
        (b"a:", b"b"),
        (b"a", b":b"),
        (b"a:b", b"c"),
        (b"a", b"b:c"),
        (b"a\0", b"b"),
        (b"a", b"\0b"),
        (b"a}", b"b"),
        (b"a", b"}b"),
        (b"{a", b"b"),
        (b"a/", b"b"),
        (b"a", b"/b"),
        // A length of eight bytes, before or behind.
        (b"", &framed),
        (&zeros, b"x"),
        (b"x", &zeros),
        (&behind, b""),
        (b"x", &behind),
    ];
    for (n, (group, key)) in pairs.iter().enumerate() {
        let request = Request::new(&wide, *group).within(&narrow, *key);
        assert!(passes(&*limiter, &request, 0).await, "pair {n} meets one before it");
        assert!(!passes(&*limiter, &request, 0).await, "pair {n}");
    }
    // And none of them is the key of a first tier.
    for key in [&b"ab"[..], b"a:b", b"a}b", &framed, &behind] {
        assert!(passes(&*limiter, &Request::new(&narrow, key), 0).await);
    }
}

/// Two handles count together.
pub async fn what_one_handle_takes_the_other_misses<L: Limiter>(open: impl AsyncFn() -> Arc<L>) {
    let (one, other) = (open().await, open().await);
    let policy = policy("shared", "4/day");
    let request = Request::new(&policy, "key");
    assert_eq!(take(&*one, &request, 0).await, [3]);
    assert_eq!(take(&*other, &request, 0).await, [2]);
    assert_eq!(take(&*one, &request.clone().cost(2), 0).await, [0]);
    assert!(!passes(&*other, &request, 0).await);
}
