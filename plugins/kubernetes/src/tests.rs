//! The whole plugin against simulated API servers: what is collected, what trouble becomes, what actions do.
mod act;
mod faults;
mod fleet;
mod odd;
mod pod;
mod protocol;
mod real;
mod recorded;
mod rights;
mod stage;
mod trouble;
mod usage;
mod watch;
