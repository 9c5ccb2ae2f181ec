//! The formats of other systems, over what those systems really wrote, and over nonsense.

mod arbitrary;
mod shopify;
mod support;
mod woocommerce;
