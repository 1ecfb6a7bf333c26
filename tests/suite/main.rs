//! One test binary for the whole house.
mod demo;
mod house;
mod session;
mod terminal;
mod trouble;
