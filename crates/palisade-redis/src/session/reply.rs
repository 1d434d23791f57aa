//! From what a script answers to checked values.

use std::vec;

use palisade_session::{
    Ending, InsertError, SessionId, SessionRecord, StoreError, Stored, Written,
};
use redis::Value;

use super::record;
use super::{CorruptRecord, UnknownReply};

/// An answer: a word, and what belongs to it.
pub(super) struct Reply {
    word: String,
    rest: Parts,
}

/// The parts of an answer that were not taken yet.
struct Parts(vec::IntoIter<Value>);

impl Reply {
    /// Takes an answer apart. One that says what cannot be right on the server is an error.
    pub(super) fn read(answer: Value) -> Result<Self, StoreError> {
        let Value::Array(parts) = answer else { return Err(unknown()) };
        let mut rest = Parts(parts.into_iter());
        let word = rest.text()?;
        match word.as_str() {
            "corrupt" => Err(rest.corrupt_record()?),
            "corrupt_generation" => {
                let id = rest.text()?;
                Err(corrupt("generations", id, "generation"))
            }
            _ => Ok(Self { word, rest }),
        }
    }

    pub(super) fn is_done(self) -> Result<(), StoreError> {
        self.expect("done")?;
        self.rest.end()
    }

    pub(super) fn generation(mut self) -> Result<u64, StoreError> {
        self.expect("generation")?;
        let generation = self.rest.generation("")?;
        self.rest.end()?;
        Ok(generation)
    }

    pub(super) fn stored(mut self, id: &SessionId) -> Result<Option<Stored>, StoreError> {
        if self.word == "none" {
            self.rest.end()?;
            return Ok(None);
        }
        self.expect("record")?;
        let mut record = self.rest.record(*id)?;
        let user_generation = self.rest.generation(record.user.as_str())?;
        // The ending of one that ended with everyone's stands beside the record.
        record.ended = self.rest.ending()?;
        self.rest.end()?;
        Ok(Some(Stored { record, user_generation }))
    }

    /// The ids of those that ended to make room.
    pub(super) fn inserted(mut self) -> Result<Vec<SessionId>, InsertError> {
        self.is_refused()?;
        self.expect("done")?;
        let mut surplus = Vec::new();
        while !self.rest.is_empty() {
            surplus.push(self.rest.id()?);
        }
        Ok(surplus)
    }

    pub(super) fn rotated(self) -> Result<Written, InsertError> {
        self.is_refused()?;
        Ok(self.touched()?)
    }

    pub(super) fn touched(self) -> Result<Written, StoreError> {
        self.rest.end()?;
        self.written()
    }

    pub(super) fn standing(mut self) -> Result<Option<Ending>, StoreError> {
        if self.word == "none" {
            self.rest.end()?;
            return Ok(None);
        }
        self.expect("ended")?;
        let ending = self.rest.ending()?;
        self.rest.end()?;
        // Whoever asks for an ending gets one.
        ending.map(Some).ok_or_else(unknown)
    }

    pub(super) fn count_if_any(mut self) -> Result<Option<u64>, StoreError> {
        if self.word == "none" {
            self.rest.end()?;
            return Ok(None);
        }
        self.expect("count")?;
        let count = self.rest.number()?;
        self.rest.end()?;
        Ok(Some(count))
    }

    pub(super) fn count(self) -> Result<u64, StoreError> {
        self.count_if_any()?.ok_or_else(unknown)
    }

    pub(super) fn records(mut self) -> Result<Vec<SessionRecord>, StoreError> {
        self.expect("records")?;
        let mut records = Vec::new();
        while !self.rest.is_empty() {
            let id = self.rest.id()?;
            records.push(self.rest.record(id)?);
        }
        Ok(records)
    }

    fn expect(&self, word: &str) -> Result<(), StoreError> {
        if self.word == word { Ok(()) } else { Err(unknown()) }
    }

    fn is_refused(&self) -> Result<(), InsertError> {
        match self.word.as_str() {
            "duplicate" => Err(InsertError::Duplicate),
            "stale" => Err(InsertError::Stale),
            "full" => Err(InsertError::Full),
            _ => Ok(()),
        }
    }

    fn written(&self) -> Result<Written, StoreError> {
        match self.word.as_str() {
            "done" => Ok(Written::Done),
            "gone" => Ok(Written::Gone),
            _ => Err(unknown()),
        }
    }
}

impl Parts {
    fn is_empty(&self) -> bool {
        self.0.len() == 0
    }

    fn end(&self) -> Result<(), StoreError> {
        if self.is_empty() { Ok(()) } else { Err(unknown()) }
    }

    fn bytes(&mut self) -> Result<Vec<u8>, StoreError> {
        match self.0.next() {
            Some(Value::BulkString(bytes)) => Ok(bytes),
            _ => Err(unknown()),
        }
    }

    fn text(&mut self) -> Result<String, StoreError> {
        String::from_utf8(self.bytes()?).map_err(|_| unknown())
    }

    fn number(&mut self) -> Result<u64, StoreError> {
        match self.0.next() {
            Some(Value::Int(number)) => u64::try_from(number).map_err(|_| unknown()),
            _ => Err(unknown()),
        }
    }

    fn id(&mut self) -> Result<SessionId, StoreError> {
        let id = self.text()?;
        id.parse().map_err(|_| corrupt("records", id, "id"))
    }

    fn generation(&mut self, user: &str) -> Result<u64, StoreError> {
        let text = self.text()?;
        record::count(&text).ok_or_else(|| corrupt("generations", user.to_owned(), "generation"))
    }

    fn record(&mut self, id: SessionId) -> Result<SessionRecord, StoreError> {
        let text = self.bytes()?;
        record::parse(id, &text).map_err(|field| corrupt("records", id.to_string(), field))
    }

    /// An ending: when and why, both empty when there is none.
    fn ending(&mut self) -> Result<Option<Ending>, StoreError> {
        let (at, reason) = (self.text()?, self.text()?);
        if at.is_empty() && reason.is_empty() {
            return Ok(None);
        }
        let ending = record::ending(&format!("{at} {reason}"));
        ending.map(Some).ok_or_else(|| corrupt("records", String::new(), "ended"))
    }

    /// What is wrong with a record that a script could not make sense of.
    fn corrupt_record(&mut self) -> Result<StoreError, StoreError> {
        let (id, text) = (self.text()?, self.bytes()?);
        let field = id.parse().map_or(Err("id"), |id| record::parse(id, &text).map(drop));
        // A record without fault: what is wrong are the entries beside it.
        Ok(corrupt("records", id, field.err().unwrap_or("order")))
    }
}

fn corrupt(key: &'static str, id: String, field: &'static str) -> StoreError {
    StoreError::new(CorruptRecord { key, id, field })
}

fn unknown() -> StoreError {
    StoreError::new(UnknownReply)
}
