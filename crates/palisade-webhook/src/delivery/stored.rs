//! The bounds of a delivery that comes back from a store.

use std::time::{Duration, SystemTime};

use super::record::{LAST_SECOND, storable};
use super::{Delivery, DeliveryState, RetryPolicy};

/// A delivery as it was read, not yet checked.
#[derive(serde::Deserialize)]
pub(super) struct Stored {
    created: SystemTime,
    attempts: u32,
    state: DeliveryState,
}

impl TryFrom<Stored> for Delivery {
    type Error = InvalidDelivery;

    fn try_from(stored: Stored) -> Result<Self, InvalidDelivery> {
        let Stored { created, attempts, state } = stored;
        let (at, over) = match state {
            DeliveryState::Due { at } => (at, false),
            DeliveryState::Delivered { at }
            | DeliveryState::GaveUp { at, .. }
            | DeliveryState::EndpointGone { at } => (at, true),
        };
        if !in_range(created) || !in_range(at) {
            return Err(InvalidDelivery::Time);
        }
        if attempts > RetryPolicy::MAX_ATTEMPTS || (over && attempts == 0) {
            return Err(InvalidDelivery::Attempts);
        }
        let state = match state {
            DeliveryState::Due { at } => DeliveryState::Due { at: storable(at) },
            DeliveryState::Delivered { at } => DeliveryState::Delivered { at: storable(at) },
            DeliveryState::GaveUp { at, why } => DeliveryState::GaveUp { at: storable(at), why },
            DeliveryState::EndpointGone { at } => DeliveryState::EndpointGone { at: storable(at) },
        };
        Ok(Self { created: storable(created), attempts, state })
    }
}

fn in_range(time: SystemTime) -> bool {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .is_ok_and(|since| since <= Duration::from_secs(LAST_SECOND))
}

#[derive(Debug, thiserror::Error)]
pub(super) enum InvalidDelivery {
    #[error("a time is out of range")]
    Time,
    #[error("the number of attempts cannot be")]
    Attempts,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::GiveUp;

    fn time(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_micros(seconds * 1_000_000 + 7)
    }

    fn deliveries() -> [Delivery; 6] {
        let at = time(2);
        [
            (0, DeliveryState::Due { at }),
            (RetryPolicy::MAX_ATTEMPTS - 1, DeliveryState::Due { at }),
            (1, DeliveryState::Delivered { at }),
            (RetryPolicy::MAX_ATTEMPTS, DeliveryState::GaveUp { at, why: GiveUp::Attempts }),
            (2, DeliveryState::GaveUp { at, why: GiveUp::Horizon }),
            (3, DeliveryState::EndpointGone { at }),
        ]
        .map(|(attempts, state)| Delivery { created: time(1), attempts, state })
    }

    #[test]
    fn a_delivery_reads_back() {
        for delivery in deliveries() {
            let json = serde_json::to_string(&delivery).unwrap();
            assert_eq!(serde_json::from_str::<Delivery>(&json).unwrap(), delivery, "{json}");
        }
        let [.., gone] = deliveries();
        let json = serde_json::to_value(&gone).unwrap();
        assert_eq!(json["attempts"], 3);
        assert_eq!(json["state"]["endpoint_gone"]["at"]["nanos_since_epoch"], 7000);
    }

    /// What another program wrote with finer times reads as what every store can keep.
    #[test]
    fn times_are_read_as_whole_microseconds() {
        let (kept, finer) = (time(2), time(2) + Duration::from_nanos(999));
        for mut delivery in deliveries() {
            let wanted = delivery.clone();
            delivery.created += Duration::from_nanos(1);
            for at in [kept, finer] {
                match &mut delivery.state {
                    DeliveryState::Due { at: place }
                    | DeliveryState::Delivered { at: place }
                    | DeliveryState::GaveUp { at: place, .. }
                    | DeliveryState::EndpointGone { at: place } => *place = at,
                }
                let json = serde_json::to_string(&delivery).unwrap();
                assert_eq!(serde_json::from_str::<Delivery>(&json).unwrap(), wanted, "{json}");
            }
        }
    }

    #[test]
    fn a_delivery_that_cannot_be_is_refused() {
        let at = json!({"secs_since_epoch": 2, "nanos_since_epoch": 0});
        let late = json!({"secs_since_epoch": LAST_SECOND + 1, "nanos_since_epoch": 0});
        let over = json!({"secs_since_epoch": u64::MAX, "nanos_since_epoch": u32::MAX});
        let good = serde_json::to_value(&deliveries()[2]).unwrap();
        for (member, value) in [
            ("attempts", json!(0)),
            ("attempts", json!(RetryPolicy::MAX_ATTEMPTS + 1)),
            ("attempts", json!(-1)),
            ("attempts", json!("1")),
            ("created", late.clone()),
            ("created", over),
            ("created", Value::Null),
            ("state", json!("due")),
            ("state", json!({"due": {}})),
            ("state", json!({"due": {"at": late}})),
            ("state", json!({"paused": {"at": at}})),
            ("state", json!({"gave_up": {"at": at}})),
            ("state", json!({"gave_up": {"at": at, "why": "boredom"}})),
        ] {
            let mut record = good.clone();
            record[member] = value.clone();
            let read = serde_json::from_value::<Delivery>(record);
            assert!(read.is_err(), "{member} {value}");
        }
        for member in ["created", "attempts", "state"] {
            let mut record = good.clone();
            record.as_object_mut().unwrap().remove(member);
            assert!(serde_json::from_value::<Delivery>(record).is_err(), "{member}");
        }
    }
}
