//! What holds for every tree and every text: trees survive printing, the parser survives anything,
//! and what completion offers is what the parser takes.
mod agreement;
mod limits;
mod robust;
mod roundtrip;
mod trees;
