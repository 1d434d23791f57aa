//! Keys to count requests by.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use palisade_allowlist::{InvalidRateKeys, RateKey, RateKeys};
use proptest::prelude::*;

static_assertions::assert_eq_size!(RateKey, [u8; 17]);
static_assertions::const_assert_eq!(align_of::<RateKey>(), 1);
static_assertions::assert_impl_all!(RateKey: Copy, Eq, std::hash::Hash, Ord, Send, Sync);

#[test]
fn lengths_out_of_range_are_errors() {
    for (ipv4, ipv6, error) in [
        (0, 64, InvalidRateKeys::Ipv4),
        (33, 64, InvalidRateKeys::Ipv4),
        (u8::MAX, 64, InvalidRateKeys::Ipv4),
        (32, 0, InvalidRateKeys::Ipv6),
        (32, 129, InvalidRateKeys::Ipv6),
        (0, 0, InvalidRateKeys::Ipv4),
    ] {
        assert_eq!(RateKeys::new(ipv4, ipv6), Err(error));
    }
    assert_eq!(RateKeys::new(32, 64), Ok(RateKeys::default()));
}

#[test]
fn the_bytes_are_as_documented() {
    let key = RateKey::of("192.0.2.1".parse().unwrap());
    assert_eq!(*key.as_bytes(), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1, 128]);
    let key = RateKey::of("2001:db8:1:2::9".parse().unwrap());
    assert_eq!(*key.as_bytes(), [0x20, 1, 0xd, 0xb8, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 64]);
    assert_eq!(format!("{key:?}"), "RateKey(2001:db8:1:2::/64)");
}

/// Forms that carry an IPv4 address in another way than mapped are addresses of their own.
#[test]
fn nothing_but_mapped_is_unwrapped() {
    let forms = [
        "192.0.2.1",
        "64:ff9b::192.0.2.1",
        "::192.0.2.1",
        "2002:c000:201::1",
        "::ffff:0:192.0.2.1",
    ];
    let keys: HashSet<_> =
        forms.map(|form| RateKeys::new(32, 128).unwrap().of(form.parse().unwrap())).into();
    assert_eq!(keys.len(), forms.len());
}

fn masked(address: IpAddr, ipv4: u8, ipv6: u8) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let kept = 2_u64.pow(32 - u32::from(ipv4));
            let bits = u64::from(u32::from(address)) / kept * kept;
            format!("{}/{ipv4}", Ipv4Addr::from(u32::try_from(bits).unwrap()))
        }
        IpAddr::V6(address) => {
            let bits: String = (0..128)
                .zip(format!("{:0128b}", u128::from(address)).chars())
                .map(|(at, bit)| if at < ipv6 { bit } else { '0' })
                .collect();
            format!("{}/{ipv6}", Ipv6Addr::from(u128::from_str_radix(&bits, 2).unwrap()))
        }
    }
}

proptest! {
    #[test]
    fn keys_are_masked_addresses(bits: u128, mapped: bool, ipv4 in 1_u8..=32, ipv6 in 1_u8..=128) {
        let low = Ipv4Addr::from(u32::try_from(bits & u128::from(u32::MAX)).unwrap());
        let address = if mapped { low.to_ipv6_mapped() } else { Ipv6Addr::from(bits) };
        let keys = RateKeys::new(ipv4, ipv6).unwrap();
        let key = keys.of(address.into());
        prop_assert_eq!(key.to_string(), masked(address.into(), ipv4, ipv6));
        prop_assert!(key.network().contains(address.into()));
        prop_assert_eq!(keys.of(key.network().last()), key);
        if mapped {
            prop_assert_eq!(keys.of(low.into()), key);
        }
    }
}
