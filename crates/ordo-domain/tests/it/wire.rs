//! The wire of events: names are unique, and what was written before still reads.
//!
//! `golden/events.jsonl` holds one line per kind of event, as it is stored. Nobody edits a line; new
//! kinds are added at the end (ORDO_BLESS=1 appends those that are missing).

use std::collections::{BTreeMap, BTreeSet};

use ordo_domain::Event;

use crate::desk::Desk;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/golden/events.jsonl");

/// One real event of each kind that a played day can make.
fn examples() -> BTreeMap<&'static str, String> {
    let mut desk = Desk::new();
    desk.play(
        "
        location BER DE 10117
        sku A backorder 1
        receive A@BER 3
        reserve R1 Ax1 for 60
        wait 60
        expire R1
        order O1 unpaid Ax1
        free O1 unpaid
        order O2 Ax3
        cancel O2
        order O3 Ax1
        release O3/1
        accept O3/1
        stop O3/1
        refused O3/1
        pick O3/1
        pack O3/1
        ship O3/1
        track O3/1 delivered
        return R2 O3 Ax1
        approve R2
        back R2 BER restock Ax1
        refund R2
        location MUC DE 80331
        receive A@MUC 1
        order O4 Ax1
        short O4/1 Ax1
        release O4/1
        short O4/1 Ax1
        reject O4/2
        order O5 v2 Ax1
        sku B backorder 2
        order O6 Bx1
        receive B@BER 1
        review O6
        entity de DE EUR
        set channel web entity de
        set location MUC state draining
        pool south MUC for web
        set pool south BER MUC
        block stop sku A allocate
        lift stop
        set sku A weight 200
        listing SET = Ax2
        set listing SET = Ax3
        sku L
        set sku L tracking lot
        receive L@BER#L1/2026-12-31 1
        customer anna@example.com
        rates cheap days 2 500:490 1000:690
        reprice cheap 500:590 1000:790
        sourcing hard
        prices A@BER 315 3
        sku M
        receive M@BER 9
        location KEL DE 24103
        receive M@KEL 9
        set pool south BER MUC KEL
        rates far from KEL days 2 1000:390
        order O7 Mx1
        pin O7/1
        unpin O7/1
        rates near from BER days 2 1000:90
        look-again O7 1
        window 60
        order O8 Mx1
        take-none O8
        ",
    );
    desk.live_through_rules();
    desk.log()
        .iter()
        .map(|event| (event.name(), serde_json::to_string(event).unwrap()))
        .collect()
}

#[test]
fn names_are_unique_and_say_what_about() {
    let names: BTreeSet<&str> = Event::NAMES.iter().copied().collect();
    assert_eq!(names.len(), Event::NAMES.len());
    assert!(names.iter().all(|name| name.split_once('.').is_some()));
}

#[test]
fn every_stored_form_reads_back_to_itself() {
    let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    let mut known = BTreeSet::new();
    for line in golden.lines() {
        let event: Event = serde_json::from_str(line).expect("a golden event still reads");
        assert_eq!(
            serde_json::to_string(&event).unwrap(),
            line,
            "the stored form changed"
        );
        known.insert(event.name());
    }
    let missing: Vec<(&str, String)> = examples()
        .into_iter()
        .filter(|(name, _)| !known.contains(name))
        .collect();
    if std::env::var_os("ORDO_BLESS").is_some() {
        let mut text = golden;
        for (_, line) in &missing {
            text.push_str(line);
            text.push('\n');
        }
        std::fs::create_dir_all(std::path::Path::new(GOLDEN).parent().unwrap()).unwrap();
        std::fs::write(GOLDEN, text).unwrap();
    } else {
        let names: Vec<&str> = missing.iter().map(|(name, _)| *name).collect();
        assert!(
            names.is_empty(),
            "no golden line for {names:?}; run with ORDO_BLESS=1"
        );
    }
}
