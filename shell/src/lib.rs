//! The `stocktake` program: arguments, the embedded core, the prompt, and how answers look.
//!
//! It is thin: commands run in the core, the shell renders what they say, opens editors and writes files.
mod args;
mod check;
mod demo;
mod editor;
mod embed;
mod files;
mod logs;
mod progress;
mod prompt;
mod render;
mod run;
mod script;
mod session;

pub use args::Args;
pub use run::run;
