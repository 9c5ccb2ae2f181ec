//! Rules for commits that no longer hold: each is refused for its reason, and nothing of it is
//! written, in whatever table.

use ordo_domain::claim::ClaimKind;
use ordo_domain::id::{ApiKeyId, SkuId};
use ordo_domain::record::{Columns, RecordKind};
use ordo_domain::world::{ClaimWrite, RecordRead, RecordWrite};

use super::fixture::{Shop, answer, cancel, capture, channel, in_lock_order, order, sku};
use super::snapshot::{Snapshot, refuses};
use crate::commit::Conflict;
use crate::port::Store;

/// A claim that somebody holds is not given away.
pub async fn a_taken_claim_conflicts(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let mut commit = shop.everything().await;
    for (kind, key) in [
        (ClaimKind::SkuCode, "A"),
        (ClaimKind::Barcode, "978-A"),
        (ClaimKind::ChannelCode, "web"),
        (ClaimKind::LocationCode, "MUC"),
    ] {
        let mut taken = commit.clone();
        taken.changes.claims.push(ClaimWrite {
            kind,
            key: key.to_owned(),
            holder: 77,
        });
        in_lock_order(&mut taken.changes);
        refuses(&shop, &taken, Conflict::Claimed).await;
    }
    // The same text is free under another kind.
    let free = ClaimWrite {
        kind: ClaimKind::ListingCode,
        key: "A".to_owned(),
        holder: 77,
    };
    commit.changes.claims.push(free);
    in_lock_order(&mut commit.changes);
    shop.commits(&commit).await;
}

/// A second capture of the same order, decided before the first was committed, conflicts.
pub async fn the_same_order_captured_twice_conflicts(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let command = capture(&order("O1", &[("A", 1)]));
    let (first, _) = shop.decide(std::slice::from_ref(&command)).await;
    let (second, _) = shop.decide(&[command]).await;
    shop.writes(first).await;
    let second = shop.batch(second);
    refuses(&shop, &second, Conflict::Claimed).await;
}

/// An idempotency key is answered once.
pub async fn a_taken_answer_conflicts(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let changes = shop.blank().await;
    let mut first = shop.batch(changes);
    first.answers = vec![answer(7, "{\"first\":true}")];
    shop.commits(&first).await;
    let mut commit = shop.everything().await;
    commit.answers.push(answer(7, "{\"first\":false}"));
    refuses(&shop, &commit, Conflict::Claimed).await;
}

/// A secret belongs to one key only.
pub async fn a_taken_secret_conflicts(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let mut commit = shop.everything().await;
    commit
        .changes
        .api_key_hashes
        .push((ApiKeyId::from_u128(77), [1; 32]));
    refuses(&shop, &commit, Conflict::Claimed).await;
}

/// A record that changed since it was decided on is not overwritten.
pub async fn a_stale_write_conflicts(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let captured = shop.give(capture(&order("O1", &[("A", 1)]))).await;
    let (stale, _) = shop.decide(&[cancel(&captured)]).await;
    shop.give(cancel(&captured)).await;
    let stale = shop.batch(stale);
    refuses(&shop, &stale, Conflict::Stale).await;
}

/// A record that was decided to be new, and is there, conflicts; so does one that was decided to be
/// there, and is not.
pub async fn a_record_that_is_there_or_gone_against_the_decision_conflicts(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let there = shop.sku("A").await.to_u128();
    let commit = shop.everything().await;
    for (id, loaded) in [(there, 0), (there, 2), (u128::MAX, 1)] {
        let mut against = commit.clone();
        against.changes.records.push(RecordWrite {
            kind: RecordKind::Sku,
            id,
            loaded,
            version: loaded + 1,
            body: "{}".to_owned(),
            columns: Columns::Code {
                code: "Z".to_owned(),
            },
        });
        in_lock_order(&mut against.changes);
        refuses(&shop, &against, Conflict::Stale).await;
    }
    shop.commits(&commit).await;
}

/// A record that a decision only read must still be as it was.
pub async fn a_stale_read_conflicts(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let captured = shop.give(capture(&order("O1", &[("A", 1)]))).await;
    let id = captured.order().id.to_u128();
    let version = captured.order().version;
    let mut commit = shop.everything().await;
    let kind = RecordKind::Order;
    for version in [version - 1, version + 1] {
        let mut stale = commit.clone();
        stale.changes.reads.push(RecordRead { kind, id, version });
        in_lock_order(&mut stale.changes);
        refuses(&shop, &stale, Conflict::Stale).await;
    }
    let mut gone = commit.clone();
    gone.changes.reads.push(RecordRead {
        kind,
        id: 5,
        version: 1,
    });
    in_lock_order(&mut gone.changes);
    refuses(&shop, &gone, Conflict::Stale).await;
    commit.changes.reads.push(RecordRead { kind, id, version });
    in_lock_order(&mut commit.changes);
    shop.commits(&commit).await;
}

/// A decision over a reference that is no longer in force conflicts, whatever it changes.
pub async fn another_reference_conflicts(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let commit = shop.everything().await;
    let (capture_only, _) = shop.decide(&[capture(&order("O1", &[("A", 1)]))]).await;
    let (other_channel, _) = shop.decide(&[channel("b2b")]).await;
    shop.give(channel("pos")).await;
    refuses(&shop, &commit, Conflict::Reference).await;
    for changes in [capture_only, other_channel] {
        let late = shop.batch(changes);
        refuses(&shop, &late, Conflict::Reference).await;
    }
    let mut ahead = shop.blank().await;
    ahead.reference_version += 1;
    let ahead = shop.batch(ahead);
    refuses(&shop, &ahead, Conflict::Reference).await;
}

/// The first commit of an organization is decided on reference 0 and no other.
pub async fn a_first_commit_is_decided_on_reference_zero(store: &dyn Store) {
    let mut shop = Shop::empty(store, 1);
    let (mut changes, _) = shop.decide(&[super::fixture::found(1)]).await;
    changes.reference_version = 1;
    let commit = shop.batch(changes);
    let before = Snapshot::of(store, shop.organization, &commit).await;
    refuses(&shop, &commit, Conflict::Reference).await;
    assert!(before.is_blank(), "nothing was there");
    shop.give(super::fixture::found(1)).await;
}

/// A batch that was refused may be decided again and committed under the same id.
pub async fn a_refused_batch_may_come_again(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let mut commit = shop.everything().await;
    let holder = SkuId::from_u128(77).to_u128();
    let taken = ClaimWrite {
        kind: ClaimKind::SkuCode,
        key: "A".to_owned(),
        holder,
    };
    commit.changes.claims.push(taken.clone());
    in_lock_order(&mut commit.changes);
    refuses(&shop, &commit, Conflict::Claimed).await;
    commit.changes.claims.retain(|claim| *claim != taken);
    let committed = shop.commits(&commit).await;
    let resolved = store.resolve(shop.organization, commit.batch).await;
    assert_eq!(resolved.expect("a batch is resolved"), Some(committed));
    let (next, _) = shop.decide(&[sku("E")]).await;
    let joined = shop.writes(next).await;
    let events = commit.changes.events.len() as i64;
    assert_eq!(joined.first_position, committed.first_position + events);
}
