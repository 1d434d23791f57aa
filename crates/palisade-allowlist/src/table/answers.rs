//! What a lookup answers, each answer stored once, and the labels that answers name.

use std::collections::HashMap;

/// Which answer applies. Many addresses share one: an answer is the length of the network and its label, and the
/// network itself follows from the address.
pub(crate) type AnswerId = u32;

/// No network of the list.
pub(crate) const NONE: AnswerId = 0;
/// Not the same for the whole cell: look closer.
pub(crate) const SPLIT: AnswerId = 1;
const FIRST: AnswerId = 2;

/// How long the most specific network is, and how it is labelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Answer {
    pub(crate) len: u8,
    pub(crate) label: u32,
}

/// The answers of a list, by [`AnswerId`].
#[derive(Debug)]
pub(crate) struct Answers {
    /// The answers from [`FIRST`] on.
    answers: Box<[Answer]>,
    labels: Labels,
}

impl Answers {
    #[inline]
    pub(crate) fn get(&self, id: AnswerId) -> Option<Answer> {
        self.answers.get(id.wrapping_sub(FIRST) as usize).copied()
    }

    #[inline]
    pub(crate) fn label(&self, answer: Answer) -> &str {
        self.labels.get(answer.label)
    }

    pub(crate) fn label_count(&self) -> usize {
        self.labels.ends.len()
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        size_of_val::<[Answer]>(&self.answers) + self.labels.heap_bytes()
    }
}

/// Gives each distinct answer one number.
#[derive(Debug, Default)]
pub(crate) struct AnswersBuilder {
    ids: HashMap<Answer, AnswerId>,
    answers: Vec<Answer>,
}

impl AnswersBuilder {
    pub(crate) fn id_of(&mut self, answer: Answer) -> AnswerId {
        *self.ids.entry(answer).or_insert_with(|| {
            self.answers.push(answer);
            // No list has 2^32 entries: the builder refuses long before.
            u32::try_from(self.answers.len() - 1).unwrap_or(u32::MAX - FIRST) + FIRST
        })
    }

    pub(crate) fn finish(self, labels: Labels) -> Answers {
        Answers { answers: self.answers.into(), labels }
    }
}

/// All labels in one text, each once.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    text: Box<str>,
    /// Where each label ends; it begins where the one before ends.
    ends: Box<[u32]>,
}

impl Labels {
    #[inline]
    fn get(&self, label: u32) -> &str {
        let index = label as usize;
        let begin =
            index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(index).copied().unwrap_or(0);
        self.text.get(begin as usize..end as usize).unwrap_or_default()
    }

    fn heap_bytes(&self) -> usize {
        self.text.len() + size_of_val::<[u32]>(&self.ends)
    }
}

/// Gives each distinct label one number.
#[derive(Debug, Clone, Default)]
pub(crate) struct LabelsBuilder {
    numbers: HashMap<Box<str>, u32>,
    text: String,
    ends: Vec<u32>,
}

impl LabelsBuilder {
    /// The number of the label, or nothing when all labels together pass 4 GiB.
    pub(crate) fn number_of(&mut self, label: &str) -> Option<u32> {
        if let Some(number) = self.numbers.get(label) {
            return Some(*number);
        }
        let end = u32::try_from(self.text.len() + label.len()).ok()?;
        let number = u32::try_from(self.ends.len()).ok()?;
        self.text.push_str(label);
        self.ends.push(end);
        self.numbers.insert(label.into(), number);
        Some(number)
    }

    pub(crate) fn finish(self) -> Labels {
        Labels { text: self.text.into(), ends: self.ends.into() }
    }
}
