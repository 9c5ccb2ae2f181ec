//! The formats of other systems, over what those systems really wrote, and over nonsense.

mod arbitrary;
mod olist;
mod shopify;
mod support;
mod woocommerce;
