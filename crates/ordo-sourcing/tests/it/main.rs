//! The solver against an oracle that tries every plan, and the properties every answer must have.

mod batches;
mod decisions;
mod explained;
mod extremes;
mod generate;
mod optimum;
mod oracle;
mod properties;
mod rules;
mod second_look;
mod shared;
mod streams;
