//! A row of answers, in two bytes each where they fit.

use super::answers::AnswerId;

#[derive(Debug)]
pub(crate) enum Ids {
    Narrow(Box<[u16]>),
    Wide(Box<[u32]>),
}

impl Ids {
    pub(crate) fn new(ids: &[AnswerId]) -> Self {
        let narrow: Result<Box<[u16]>, _> = ids.iter().map(|id| u16::try_from(*id)).collect();
        narrow.map_or_else(|_| Self::Wide(ids.into()), Self::Narrow)
    }

    /// The answer at `index`; none beyond the end.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> AnswerId {
        match self {
            Self::Narrow(ids) => ids.get(index).map_or(0, |id| AnswerId::from(*id)),
            Self::Wide(ids) => ids.get(index).map_or(0, |id| *id),
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Narrow(ids) => size_of_val::<[u16]>(ids),
            Self::Wide(ids) => size_of_val::<[u32]>(ids),
        }
    }
}
