//! One test binary for the whole house.
mod demo;
mod house;
mod manual;
mod session;
mod terminal;
mod trouble;
