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
mod prompt;
mod rbac;
mod screen;
mod session;
mod settings;
mod terminal;
mod trouble;
mod watch;
