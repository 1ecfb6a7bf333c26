//! One test binary for the whole house.
mod canary;
mod demo;
mod house;
mod session;
mod trouble;
