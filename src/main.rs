//! The program: parse the command, start logging, hand over.

fn main() {}
