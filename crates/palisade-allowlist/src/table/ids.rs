//! A row of answers, in two bytes each where they fit.

use super::answers::Answer;

#[derive(Debug)]
pub(crate) enum Ids {
    Narrow(Box<[u16]>),
    Wide(Box<[u32]>),
}

impl Ids {
    pub(crate) fn new(answers: &[Answer]) -> Self {
        let ids = answers.iter().map(|answer| answer.number());
        let narrow: Result<Box<[u16]>, _> = ids.clone().map(u16::try_from).collect();
        narrow.map_or_else(|_| Self::Wide(ids.collect()), Self::Narrow)
    }

    /// The answer at `index`; none beyond the end.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> Answer {
        let number = match self {
            Self::Narrow(ids) => ids.get(index).map(|id| u32::from(*id)),
            Self::Wide(ids) => ids.get(index).copied(),
        };
        number.map_or(Answer::NONE, Answer::from_number)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Narrow(ids) => size_of_val::<[u16]>(ids),
            Self::Wide(ids) => size_of_val::<[u32]>(ids),
        }
    }
}
