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

/// What one step of a purge did.
pub(super) struct Purged {
    /// How many records it forgot.
    pub(super) records: u64,
    /// How many entries it worked on. Some have no record any more.
    pub(super) entries: u64,
    /// A record that it cannot make sense of, and leaves where it is.
    pub(super) corrupt: Option<StoreError>,
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

    pub(super) fn done(self) -> Result<(), StoreError> {
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

    pub(super) fn purged(mut self) -> Result<Purged, StoreError> {
        self.expect("purged")?;
        let (records, entries) = (self.rest.number()?, self.rest.number()?);
        let corrupt = if self.rest.is_empty() { None } else { Some(self.rest.corrupt_record()?) };
        self.rest.end()?;
        Ok(Purged { records, entries, corrupt })
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

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn reply(parts: &[&str]) -> Result<Reply, StoreError> {
        Reply::read(Value::Array(parts.iter().map(|part| text(part)).collect()))
    }

    #[track_caller]
    fn is_unknown<T>(result: Result<T, StoreError>) {
        let error = result.err().expect("the answer was taken");
        assert_eq!(error.source().unwrap().downcast_ref(), Some(&UnknownReply), "{error:?}");
    }

    #[test]
    fn what_is_no_answer_of_a_script_is_an_error() {
        let no_array = [
            Value::Nil,
            Value::Okay,
            Value::Int(1),
            Value::SimpleString("done".to_owned()),
            text("done"),
            Value::Array(vec![]),
            Value::Array(vec![Value::Nil]),
            Value::Array(vec![Value::Int(1)]),
            Value::Array(vec![Value::BulkString(vec![0xFF])]),
            Value::Array(vec![Value::Array(vec![text("done")])]),
        ];
        for value in no_array {
            is_unknown(Reply::read(value));
        }
        is_unknown(reply(&["corrupt"]));
        is_unknown(reply(&["corrupt", "ses_1"]));
        is_unknown(reply(&["corrupt_generation"]));
    }

    #[test]
    fn the_answer_to_another_script_is_an_error() {
        let answers: [&[&str]; 10] = [
            &["purged", "1", "1"],
            &["no such word"],
            &["generation"],
            &["record", "x"],
            &["records", "ses_1"],
            &["ended", "", ""],
            &["ended", "001795344060000000"],
            &["count", "1"],
            &["done", "more", "yet"],
            &["none", "more"],
        ];
        let id: SessionId = "ses_1".parse().unwrap();
        for parts in answers {
            let read = || reply(parts).unwrap();
            is_unknown(read().done());
            is_unknown(read().generation());
            is_unknown(read().touched());
            is_unknown(read().standing());
            is_unknown(read().count());
            is_unknown(read().count_if_any());
            if parts[0] != "record" {
                is_unknown(read().stored(&id));
            }
            is_unknown(read().purged());
            is_unknown(read().records());
            assert!(read().rotated().is_err());
            if parts[0] != "done" {
                assert!(read().inserted().is_err());
            }
        }
        is_unknown(reply(&["none"]).unwrap().count());
        is_unknown(reply(&["gone"]).unwrap().done());
        assert_eq!(reply(&["none"]).unwrap().count_if_any().unwrap(), None);
    }

    #[test]
    fn a_count_is_no_negative_number() {
        let count = |n| Reply::read(Value::Array(vec![text("count"), Value::Int(n)])).unwrap();
        assert_eq!(count(7).count().unwrap(), 7);
        is_unknown(count(-1).count());
    }
}
