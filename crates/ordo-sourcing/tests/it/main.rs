//! The solver against an oracle that tries every plan, and the properties every answer must have.

mod decisions;
mod generate;
mod optimum;
mod oracle;
mod properties;
mod rules;
