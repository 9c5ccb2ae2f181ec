//! Claims: keys that only one thing of an organization may hold, and the look-up by them.

/// What sort of key is claimed. The name is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimKind {
    /// A channel's own id of an order: `chn_…:1001`.
    OrderExternal,
    /// A SKU's code.
    SkuCode,
    /// A SKU's barcode.
    Barcode,
    /// A channel's code.
    ChannelCode,
    /// A location's code.
    LocationCode,
    /// A listing's code: `chn_…:code`, or `:code` where it is for every channel.
    ListingCode,
    /// A customer's e-mail address or phone number, as a keyed hash.
    Customer,
    /// An organization's code, unique over all organizations.
    OrganizationCode,
}

impl ClaimKind {
    /// The stored name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OrderExternal => "order",
            Self::SkuCode => "sku",
            Self::Barcode => "barcode",
            Self::ChannelCode => "channel",
            Self::LocationCode => "location",
            Self::ListingCode => "listing",
            Self::Customer => "customer",
            Self::OrganizationCode => "organization",
        }
    }

    /// Whether the key is unique over all organizations; stores keep such claims under the
    /// organization zero.
    #[must_use]
    pub const fn is_global(self) -> bool {
        match self {
            Self::OrganizationCode => true,
            Self::OrderExternal
            | Self::SkuCode
            | Self::Barcode
            | Self::ChannelCode
            | Self::LocationCode
            | Self::ListingCode
            | Self::Customer => false,
        }
    }
}
