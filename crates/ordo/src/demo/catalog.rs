//! What the demo company sells: 500 SKUs of an outfitter, sets of several, and the marketplaces' own
//! codes for some of them.

use std::sync::LazyLock;

use ordo_domain::catalog::create_listing::ComponentDraft;
use ordo_domain::catalog::{CreateListing, CreateSku, Dimensions, StockPolicy, Tracking};
use ordo_domain::quantity::Quantity;

/// A product in its colors and sizes.
struct Family {
    code: &'static str,
    name: &'static str,
    /// In cents.
    price: i64,
    weight_g: i64,
    /// Edges in millimeters.
    edges: (i64, i64, i64),
    hs_code: &'static str,
    origin: &'static str,
    colors: usize,
    sizes: &'static [&'static str],
}

const CLOTHES: &[&str] = &["XS", "S", "M", "L", "XL"];
const SHOES: &[&str] = &["37", "38", "39", "40", "41", "42", "43", "44"];
const ONE: &[&str] = &[""];

/// Code and name.
const COLORS: [(&str, &str); 4] = [
    ("BLK", "Black"),
    ("SPR", "Spruce"),
    ("SND", "Sand"),
    ("RST", "Rust"),
];

macro_rules! families {
    ($($sizes:ident x $colors:literal: [$($code:literal $name:literal $price:literal $weight:literal ($l:literal $w:literal $h:literal) $hs:literal $origin:literal;)*])*) => {
        /// Everything that is sold. 15 × 20 + 5 × 16 + 30 × 4 = 500.
        const FAMILIES: &[Family] = &[$($(Family {
            code: $code, name: $name, price: $price, weight_g: $weight, edges: ($l, $w, $h),
            hs_code: $hs, origin: $origin, colors: $colors, sizes: $sizes,
        },)*)*];
    };
}

families! {
    CLOTHES x 4: [
        "TEE" "Merino T-shirt" 4_990 160 (280 220 20) "610990" "PT";
        "LST" "Merino long sleeve" 6_990 210 (280 230 25) "610990" "PT";
        "HDY" "Brushed hoodie" 8_990 520 (340 280 60) "611020" "PT";
        "FLC" "Fleece jacket" 11_990 460 (340 280 70) "611030" "LT";
        "SHL" "Rain shell" 21_990 390 (320 260 50) "620140" "VN";
        "PUF" "Down jacket" 24_990 480 (340 300 90) "620140" "VN";
        "VST" "Insulated vest" 12_990 300 (320 260 60) "620140" "VN";
        "TRK" "Trekking trousers" 10_990 410 (330 240 40) "620343" "LT";
        "SHT" "Hiking shorts" 6_490 230 (280 220 30) "620343" "LT";
        "LEG" "Running leggings" 5_990 190 (260 200 25) "611430" "PT";
        "BSL" "Base layer top" 5_490 170 (260 200 20) "611430" "PT";
        "BSP" "Base layer pants" 5_490 180 (260 200 20) "611430" "PT";
        "SWT" "Wool sweater" 13_990 560 (340 280 70) "611011" "IE";
        "SKT" "Travel skirt" 7_490 240 (280 220 30) "620453" "PT";
        "OVR" "Canvas overshirt" 9_990 490 (330 270 45) "620520" "PT";
    ]
    SHOES x 2: [
        "TRL" "Trail shoe" 13_990 640 (330 210 120) "640411" "VN";
        "HKB" "Hiking boot" 18_990 1_180 (350 280 130) "640391" "IT";
        "APP" "Approach shoe" 14_990 760 (330 210 120) "640391" "IT";
        "SNK" "Canvas sneaker" 7_990 590 (320 200 110) "640419" "PT";
        "SLP" "Hut slipper" 4_990 310 (300 190 100) "640520" "AT";
    ]
    ONE x 4: [
        "DPK" "Daypack 22 l" 9_990 780 (480 280 120) "420292" "VN";
        "TPK" "Trekking pack 55 l" 22_990 1_850 (680 340 180) "420292" "VN";
        "DUF" "Duffel 60 l" 12_990 1_250 (420 330 90) "420292" "VN";
        "HIP" "Hip bag" 3_490 160 (240 160 50) "420292" "VN";
        "TOT" "Canvas tote" 1_990 190 (400 360 20) "420222" "IN";
        "WAL" "Travel wallet" 2_990 90 (140 100 20) "420232" "ES";
        "BTL" "Insulated bottle 0.75 l" 3_290 380 (280 80 80) "961700" "CN";
        "MUG" "Enamel mug" 1_490 160 (110 90 90) "732394" "PL";
        "POT" "Camp pot 1.2 l" 4_490 290 (170 150 110) "761510" "CN";
        "STV" "Gas stove" 5_990 120 (110 80 60) "732111" "KR";
        "SPN" "Titanium spork" 1_290 20 (170 40 15) "821599" "CN";
        "LMP" "Head lamp 400 lm" 4_990 95 (90 70 60) "851310" "CN";
        "LTN" "Camp lantern" 3_990 260 (140 90 90) "851310" "CN";
        "TNT" "Tent, two persons" 34_990 2_350 (480 180 180) "630622" "VN";
        "TRP" "Tarp 3 × 3 m" 9_490 720 (320 120 120) "630612" "VN";
        "SLB" "Sleeping bag 0 °C" 18_990 1_150 (380 220 220) "940430" "CN";
        "MAT" "Sleeping mat" 10_990 520 (280 130 130) "392690" "CN";
        "PLW" "Camp pillow" 2_990 110 (160 110 60) "940490" "CN";
        "BLK" "Wool blanket" 7_990 1_100 (380 300 100) "630120" "LT";
        "TWL" "Travel towel" 2_490 180 (200 150 40) "630291" "CN";
        "HAT" "Wool beanie" 2_990 70 (220 180 30) "650500" "DE";
        "CAP" "Trail cap" 2_790 85 (260 180 110) "650500" "PT";
        "SCF" "Merino scarf" 3_990 130 (250 180 40) "611710" "DE";
        "GLV" "Fleece gloves" 2_990 80 (220 120 30) "611693" "LT";
        "SOC" "Hiking socks" 1_890 75 (200 100 30) "611594" "PT";
        "BLT" "Woven belt" 2_490 140 (150 110 40) "630790" "ES";
        "POL" "Trekking poles, pair" 8_990 480 (660 90 70) "660200" "AT";
        "KNF" "Pocket knife" 3_790 90 (110 40 25) "821193" "FR";
        "MAP" "Hut map of the Alps" 1_490 110 (240 130 10) "490591" "AT";
        "KIT" "First aid kit" 2_990 320 (190 130 60) "300650" "DE";
    ]
}

/// One thing that is sold.
#[derive(Debug, Clone)]
pub struct Item {
    /// The SKU's code.
    pub code: String,
    /// What the shops show.
    pub title: String,
    /// In cents, tax included.
    pub price: i64,
    create: CreateSku,
}

/// A set of several.
#[derive(Debug, Clone)]
pub struct Set {
    /// The listing's code.
    pub code: String,
    /// What the shops show.
    pub title: String,
    /// In cents, tax included: less than its parts.
    pub price: i64,
    parts: Vec<(usize, i64)>,
}

/// All items, in the order of the families.
pub static ITEMS: LazyLock<Vec<Item>> = LazyLock::new(items);

/// All sets.
pub static SETS: LazyLock<Vec<Set>> = LazyLock::new(sets);

fn items() -> Vec<Item> {
    let mut items = Vec::with_capacity(500);
    for (place, family) in FAMILIES.iter().enumerate() {
        for (color, color_name) in COLORS.iter().take(family.colors) {
            for size in family.sizes {
                let n = items.len();
                let dash = if size.is_empty() { "" } else { "-" };
                let code = format!("{}-{color}{dash}{size}", family.code);
                let of_size = if size.is_empty() {
                    String::new()
                } else {
                    format!(", {size}")
                };
                let title = format!("{} {color_name}{of_size}", family.name);
                items.push(Item {
                    create: create_sku(family, place, n, &code, &title),
                    code,
                    title,
                    price: family.price,
                });
            }
        }
    }
    items
}

fn create_sku(family: &Family, place: usize, n: usize, code: &str, title: &str) -> CreateSku {
    // Every fifth product is made again and again, and buyers wait for it.
    let stock_policy = if place.is_multiple_of(5) {
        StockPolicy::Backorder {
            limit: Quantity::stored(40),
        }
    } else {
        StockPolicy::Tracked
    };
    let (length_mm, width_mm, height_mm) = family.edges;
    CreateSku {
        code: code.to_owned(),
        name: Some(format!("Nordlys {title}")),
        barcode: Some(barcode(n)),
        weight_g: family.weight_g,
        dimensions: Some(Dimensions {
            length_mm,
            width_mm,
            height_mm,
        }),
        unit_scale: 1,
        stock_policy,
        tracking: Tracking::None,
        hs_code: Some(family.hs_code.to_owned()),
        origin_country: Some(family.origin.to_owned()),
        tags: (family.code == "STV")
            .then(|| "gas".to_owned())
            .into_iter()
            .collect(),
        ships_alone: false,
    }
}

impl Item {
    /// The command that makes it.
    pub fn create(&self) -> CreateSku {
        self.create.clone()
    }
}

/// An EAN-13 of the range that shops may use as they like, with its check digit.
fn barcode(n: usize) -> String {
    let digits = format!("204710{n:06}");
    let weighted = digits.bytes().enumerate().map(|(at, digit)| {
        let digit = u32::from(digit - b'0');
        if at % 2 == 0 { digit } else { 3 * digit }
    });
    let check = (10 - weighted.sum::<u32>() % 10) % 10;
    format!("{digits}{check}")
}

/// Families of a set, and how many of each.
type Parts = &'static [(&'static str, i64)];

/// Sets by name, with the families in them.
const SET_FAMILIES: [(&str, &str, Parts); 6] = [
    (
        "LAYER",
        "Layering set",
        &[("BSL", 1), ("BSP", 1), ("SOC", 2)],
    ),
    ("STORM", "Storm set", &[("SHL", 1), ("TRK", 1)]),
    (
        "CAMP",
        "Camp kitchen",
        &[("POT", 1), ("STV", 1), ("MUG", 2), ("SPN", 2)],
    ),
    (
        "NIGHT",
        "Night outside",
        &[("TNT", 1), ("SLB", 2), ("MAT", 2)],
    ),
    ("WARM", "Warm things", &[("HAT", 1), ("SCF", 1), ("GLV", 1)]),
    ("TRAIL", "Trail day", &[("DPK", 1), ("BTL", 1), ("CAP", 1)]),
];

/// Six sets, each in four colors.
fn sets() -> Vec<Set> {
    let mut sets = Vec::new();
    for (name, title, families) in SET_FAMILIES {
        for (color, color_name) in COLORS {
            let part = |family: &str| {
                let item = |code: &str| ITEMS.iter().position(|item| item.code == code);
                item(&format!("{family}-{color}")).or_else(|| item(&format!("{family}-{color}-M")))
            };
            let parts: Vec<(usize, i64)> = (families.iter())
                .filter_map(|(family, quantity)| part(family).map(|at| (at, *quantity)))
                .collect();
            let full: i64 = parts
                .iter()
                .map(|(at, count)| ITEMS[*at].price * count)
                .sum();
            sets.push(Set {
                code: format!("SET-{name}-{color}"),
                title: format!("{title} {color_name}"),
                // A tenth less, and a price that ends as prices do.
                price: full * 9 / 1_000 * 100 + 90,
                parts,
            });
        }
    }
    sets
}

/// The marketplace's own code for item `n`, where it lists it: two of three items.
pub fn listed_as(channel: &str, n: usize) -> Option<String> {
    match (channel, n % 3) {
        ("market-a", 0 | 1) => Some(format!("B0{:08}", 7_310_000 + 37 * n)),
        ("market-b", 1 | 2) => Some(format!("{}", 440_100_200_000 + 7 * n)),
        _ => None,
    }
}

/// The listings of sets and of the marketplaces.
pub fn listings() -> Vec<CreateListing> {
    let component = |n: usize, quantity: i64| ComponentDraft {
        sku: ITEMS[n].code.clone(),
        quantity: Quantity::stored(quantity),
        price_weight: Some(ITEMS[n].price * quantity),
    };
    let mut listings: Vec<CreateListing> = (SETS.iter())
        .map(|set| CreateListing {
            channel: None,
            code: set.code.clone(),
            components: (set.parts.iter())
                .map(|(n, quantity)| component(*n, *quantity))
                .collect(),
            ships_together: set.code.contains("CAMP"),
        })
        .collect();
    for channel in ["market-a", "market-b"] {
        for n in 0..ITEMS.len() {
            if let Some(code) = listed_as(channel, n) {
                listings.push(CreateListing {
                    channel: Some(channel.to_owned()),
                    code,
                    components: vec![component(n, 1)],
                    ships_together: false,
                });
            }
        }
    }
    listings
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_500_items_with_codes_and_barcodes_of_their_own() {
        assert_eq!(ITEMS.len(), 500);
        let codes: BTreeSet<&str> = ITEMS.iter().map(|item| item.code.as_str()).collect();
        assert_eq!(codes.len(), 500);
        let barcodes: BTreeSet<String> = ITEMS
            .iter()
            .filter_map(|item| item.create.barcode.clone())
            .collect();
        assert_eq!(barcodes.len(), 500);
        for barcode in barcodes {
            let digits: Vec<u32> = barcode
                .chars()
                .filter_map(|digit| digit.to_digit(10))
                .collect();
            let odd: u32 = digits.iter().step_by(2).sum();
            let even: u32 = digits.iter().skip(1).step_by(2).sum();
            assert_eq!((digits.len(), (odd + 3 * even) % 10), (13, 0), "{barcode}");
        }
    }

    #[test]
    fn sets_have_all_their_parts_and_cost_less_than_those() {
        assert_eq!(SETS.len(), 24);
        for set in SETS.iter() {
            assert!(set.parts.len() >= 2, "{}", set.code);
            let full: i64 = set
                .parts
                .iter()
                .map(|(at, count)| ITEMS[*at].price * count)
                .sum();
            assert!(set.price < full && set.price > full / 2, "{}", set.code);
        }
    }
}
