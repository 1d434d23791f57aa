//! A store that does not answer: nobody is told that his key is bad.
