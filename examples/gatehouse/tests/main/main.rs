//! gatehouse from outside: its routes in one process, and the program itself on a port.

mod authorization;
mod bad_input;
mod binary;
mod gate;
mod ingest;
mod keys;
mod process;
mod store_down;
