//! One test binary for the whole house.
mod canary;
mod catalogue;
mod check;
mod cluster;
mod demo;
mod docs;
mod house;
mod inventories;
mod manual;
mod rbac;
mod session;
mod terminal;
mod trouble;
mod watch;
