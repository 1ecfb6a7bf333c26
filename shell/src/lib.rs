//! The `stocktake` program: arguments, the embedded core, the prompt, and how answers look.
//!
//! It is thin: commands run in the core, the shell renders what they say, opens editors and writes files.
mod answer;
mod args;
mod asked;
mod check;
mod collect;
mod completions;
mod demo;
mod editor;
mod embed;
mod examples;
mod files;
mod fit;
mod lexis;
mod local;
mod locale;
mod logs;
mod page;
mod pager;
mod picture;
mod progress;
mod prompt;
mod rbac;
mod render;
mod run;
mod script;
mod session;
mod tint;
mod typing;
mod who;

pub use args::Args;
pub use run::run;
