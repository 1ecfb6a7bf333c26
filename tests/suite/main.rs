//! One test binary for the whole house.
mod canary;
mod catalogue;
mod cluster;
mod demo;
mod house;
mod inventories;
mod manual;
mod rbac;
mod session;
mod terminal;
mod trouble;
