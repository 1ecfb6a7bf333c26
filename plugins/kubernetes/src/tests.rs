//! The whole plugin against simulated API servers: what is collected, what trouble becomes, what actions do.
mod act;
mod faults;
mod fleet;
mod odd;
mod pod;
mod protocol;
mod real;
mod recorded;
mod stage;
mod trouble;
mod watch;
