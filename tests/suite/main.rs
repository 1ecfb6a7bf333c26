//! One test binary for the whole house.
mod check;
mod demo;
mod docs;
mod house;
mod session;
mod trouble;
