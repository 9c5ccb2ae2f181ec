//! A whole company in one process and from one seed: the real domain, the engine's real queues,
//! batches, jobs, timers, view and deliveries over the store in memory, with people, channels,
//! carriers, receivers and clocks that are simulated, faults everywhere, and an auditor of its own.
//!
//! Read `episode` (what happens), `swarm` (what a simulation is made of), `people` (what is asked
//! for), `audit` (what must hold), `canary` (bugs that must be noticed) and `schedule` (how one seed
//! decides everything).

pub mod audit;
pub mod campaign;
pub mod canary;
pub mod dice;
pub mod episode;
mod ledger;
mod outside;
pub mod people;
mod render;
pub mod schedule;
mod shelf;
mod shop;
mod sim;
pub mod swarm;
pub mod trace;
