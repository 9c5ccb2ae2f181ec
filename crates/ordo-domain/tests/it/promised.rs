//! What is promised for a basket is what an order of the same codes gets.

use std::fmt::Write as _;

use ordo_domain::money::Minor;
use ordo_domain::network::Place;
use ordo_domain::quantity::Quantity;
use ordo_domain::sourcing::{PromiseAnswer, PromiseOption, PromiseQuestion, promise};
use ordo_domain::{Code, Refusal};

use crate::desk::Desk;

/// What a desk would promise, now and to `to`, for `codes` at 10 EUR each on the channel `web`.
fn promised(
    desk: &Desk,
    codes: &[(String, i64)],
    to: &Place,
    in_channel: bool,
) -> Result<PromiseAnswer, Refusal> {
    let channel = desk.reference.channel_by_code("web").unwrap().id;
    let basket = codes
        .iter()
        .map(|(code, units)| (code.clone(), Quantity::stored(*units)));
    let question = PromiseQuestion {
        tier: None,
        service: None,
        is_business: false,
        is_po_box: false,
        tags: Vec::new(),
        channel: in_channel.then_some(channel),
        basket: basket.collect(),
        unit_prices: vec![Minor::new(1_000).unwrap(); codes.len()],
        to: to.clone(),
        currency: "EUR".parse().ok(),
    };
    promise(&desk.world, desk.now, &question)
}

/// Shipments by location, with their units and what carriage costs.
type Ways = Vec<(String, Vec<(String, i64)>, Option<i64>)>;

fn ways_of(option: &PromiseOption) -> Ways {
    let shipments = option.shipments.iter().map(|shipment| {
        let units = (shipment.units.iter()).map(|unit| (unit.code.clone(), unit.quantity.get()));
        let mut units: Vec<_> = units.collect();
        units.sort();
        let price = shipment
            .carriage
            .as_ref()
            .map(|carriage| carriage.price.get());
        (shipment.location.clone(), units, price)
    });
    let mut ways: Ways = shipments.collect();
    ways.sort();
    ways
}

fn ways_of_order(desk: &Desk, name: &str) -> Ways {
    let order = desk.order(name);
    let works = order.fulfillment_orders.iter().map(|id| {
        let work = desk.world.fulfillment_order(*id).unwrap().unwrap();
        let mut units: Vec<(String, i64)> = Vec::new();
        for line in &work.lines {
            let code = &order.line(line.line).unwrap().code;
            match units.iter_mut().find(|(known, _)| known == code) {
                Some((_, units)) => *units += line.quantity.get(),
                None => units.push((code.clone(), line.quantity.get())),
            }
        }
        units.sort();
        let price = work.carriage.as_ref().map(|carriage| carriage.price.get());
        let location = desk.reference.location(work.location).unwrap();
        (location.code.clone(), units, price)
    });
    let mut ways: Ways = works.collect();
    ways.sort();
    ways
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) % end
    }
}

/// A company of three locations, one of them abroad, four SKUs, and codes for them on the channel and
/// everywhere: alone, as bundles, and as bundles that must leave in one shipment.
fn company(dice: &mut Dice) -> String {
    let mut script = String::from(
        "location BER DE 10117\nlocation MUC DE 80331\nlocation ZRH CH 8001\nsourcing duty EU 90000\n",
    );
    for sku in ["A", "B", "C", "D"] {
        let grams = 100 + dice.below(20) * 100;
        let alone = if dice.below(5) == 0 { "alone" } else { "" };
        let _ = write!(script, "sku {sku}\nweight {sku} {grams} {alone}\n");
        for location in ["BER", "MUC", "ZRH"] {
            let units = dice.below(12);
            if units > 0 {
                let _ = writeln!(script, "receive {sku}@{location} {units}");
            }
        }
    }
    for location in ["BER", "MUC", "ZRH"] {
        let prices: Vec<u64> = (0..3).map(|_| 250 + dice.below(700)).collect();
        let _ = writeln!(
            script,
            "rates parcel from {location} days 1 900:{} 2500:{} 6000:{}",
            prices[0], prices[1], prices[2]
        );
    }
    script.push_str(
        "listing WEB-A@web = Ax1
         listing PAIR = Ax2*70 Bx1*30
         listing SET@web = Bx1*10 Cx2*50 Dx1*40
         listing TIED = Ax1 Cx1 together
         listing PACK = Dx3",
    );
    script
}

/// Goal: the option that is said to be what an order would get is what it gets. Method: random baskets
/// of codes of every kind, promised on one desk and ordered on another one of the same company.
#[test]
fn an_order_gets_what_was_promised_for_its_codes() {
    let codes = ["A", "B", "C", "D", "WEB-A", "PAIR", "SET", "TIED", "PACK"];
    let (mut whole, mut bundles, mut waiting) = (0, 0, 0);
    for seed in 0..200 {
        let mut dice = Dice(seed * 104_729 + 3);
        let script = company(&mut dice);
        let mut basket: Vec<(String, i64)> = Vec::new();
        for _ in 0..1 + dice.below(3) {
            let code = codes[dice.below(codes.len() as u64) as usize].to_owned();
            basket.push((code, 1 + dice.below(2) as i64));
        }
        let words = basket
            .iter()
            .map(|(code, units)| format!(" {code}x{units}"));
        let words: String = words.collect();
        let (mut ordered, mut asked) = (Desk::new(), Desk::new());
        ordered.prepare(&script);
        asked.prepare(&script);
        ordered.perform(&format!("order O1{words}"));
        let order = ordered.order("O1");
        let to = &order.ship_to.as_ref().unwrap().place;
        if order.fulfillment_orders.is_empty() && order.holds.is_empty() {
            // Too many ways of packing it for a batch: a worker plans it.
            waiting += 1;
            continue;
        }
        let is_whole = order
            .lines
            .iter()
            .all(|line| line.allocated == line.ordered);
        match promised(&asked, &basket, to, true) {
            Ok(answer) => {
                assert!(is_whole, "{script}\n{words}");
                let sourced = answer.options.iter().find(|option| option.sourced).unwrap();
                assert_eq!(
                    ways_of(sourced),
                    ways_of_order(&ordered, "O1"),
                    "{script}\n{words}"
                );
                whole += 1;
                bundles += u32::from(order.lines.iter().any(|line| line.parent.is_some()));
            }
            Err(Refusal::Rejected(rejection)) => {
                assert_eq!(rejection.code, Code::OutOfStock, "{script}\n{words}");
                assert!(!is_whole, "{script}\n{words}");
            }
            Err(Refusal::Needs(keys)) => panic!("a complete world misses {keys:?}"),
        }
    }
    assert!(
        whole > 80 && bundles > 40 && waiting < 40,
        "{whole} whole, {bundles} with bundles, {waiting} waiting"
    );
}

#[test]
fn codes_of_a_channel_count_on_it_alone_and_blocked_ones_are_not_promised() {
    let mut desk = Desk::new();
    desk.play(
        "
        location BER DE 10117
        sku A
        receive A@BER 9
        listing WEB-A@web = Ax1
        listing DUO = Ax2
        ",
    );
    let to = Place {
        country: "DE".to_owned(),
        ..Place::default()
    };
    let ask = |desk: &Desk, code: &str, in_channel| {
        let basket = [(code.to_owned(), 2)];
        match promised(desk, &basket, &to, in_channel) {
            Ok(answer) => answer.options[0].shipments[0].units[0]
                .quantity
                .get()
                .to_string(),
            Err(Refusal::Rejected(rejection)) => rejection.code.slug().to_owned(),
            Err(Refusal::Needs(keys)) => panic!("a complete world misses {keys:?}"),
        }
    };
    assert_eq!(ask(&desk, "WEB-A", true), "2");
    assert_eq!(ask(&desk, "WEB-A", false), "invalid_input");
    assert_eq!(ask(&desk, "DUO", false), "4");
    assert_eq!(ask(&desk, "TRIO", true), "invalid_input");
    desk.play("block recall listing DUO allocate");
    assert_eq!(ask(&desk, "DUO", true), "out_of_stock");
    assert_eq!(ask(&desk, "A", true), "2");
}
