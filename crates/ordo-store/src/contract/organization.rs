//! Rules for what spans organizations: nothing but codes of organizations and secrets of keys.

use ordo_domain::Command;
use ordo_domain::claim::ClaimKind;
use ordo_domain::id::{ApiKeyId, OrganizationId};
use ordo_domain::organization::{RevokeApiKey, Role, Scope};
use ordo_domain::world::Key;
use ordo_domain::world::Row;

use super::fixture::{Shop, answer, create_key, found, record_of};
use super::snapshot::{Snapshot, refuses};
use crate::commit::Conflict;
use crate::port::{FoundKey, Store};
use crate::view::ViewWrite;

/// Two organizations with the very same ids, codes, keys and batches never meet.
pub async fn organizations_never_meet(store: &dyn Store) {
    let mut ours = Shop::open(store, 1).await;
    let our_commit = ours.everything().await;
    ours.commits(&our_commit).await;
    save_cursor(store, ours.organization, 0, 3).await;
    let other = Shop::empty(store, 2).organization;
    let seen = Snapshot::of(store, other, &our_commit).await;
    assert!(seen.is_blank(), "another organization sees {seen:?}");
    assert_eq!(
        store.cursor(other, "view").await.expect("a cursor is read"),
        0
    );

    let before = Snapshot::of(store, ours.organization, &our_commit).await;
    let mut theirs = Shop::open(store, 2).await;
    let mut their_commit = theirs.everything().await;
    let ids = |commit: &crate::commit::Commit| -> Vec<u128> {
        commit
            .changes
            .records
            .iter()
            .map(|record| record.id)
            .collect()
    };
    assert_eq!(
        ids(&our_commit),
        ids(&their_commit),
        "the rule needs ids that are the same"
    );
    assert_eq!(
        our_commit.batch, their_commit.batch,
        "the rule needs batches that are the same"
    );
    for answer in &mut their_commit.answers {
        answer.body = "{\"theirs\":true}".to_owned();
    }
    theirs.commits(&their_commit).await;
    save_cursor(store, theirs.organization, 0, 5).await;
    // What both see of the list of organizations has grown, and nothing else.
    let after = Snapshot::of(store, ours.organization, &our_commit).await;
    assert_eq!(
        after.without_organizations(),
        before.without_organizations()
    );
    let cursor = store.cursor(ours.organization, "view").await;
    assert_eq!(cursor.expect("a cursor is read"), 3);
    let resolved = store
        .resolve(other, our_commit.batch)
        .await
        .expect("a batch is resolved");
    let our_batch = store.resolve(ours.organization, our_commit.batch).await;
    assert_eq!(
        our_batch.expect("a batch is resolved"),
        resolved,
        "both had the same day"
    );
}

async fn save_cursor(store: &dyn Store, organization: OrganizationId, after: i64, upto: i64) {
    let write = ViewWrite {
        organization,
        consumer: "view",
        after,
        upto,
        terms: Vec::new(),
        movements: Vec::new(),
        rollups: Vec::new(),
        waits: Vec::new(),
        tasks: Vec::new(),
        at: ordo_domain::time::Timestamp::default(),
    };
    assert!(store.save_view(&write).await.expect("a view is saved"));
}

/// A batch that one organization settled as never committed is free in another.
pub async fn a_settled_batch_is_free_elsewhere(store: &dyn Store) {
    let ours = Shop::open(store, 1).await;
    let mut theirs = Shop::open(store, 2).await;
    let changes = theirs.blank().await;
    let mut commit = theirs.batch(changes);
    commit.answers = vec![answer(1, "{}")];
    let settled = store.resolve(ours.organization, commit.batch).await;
    assert_eq!(settled.expect("a batch is resolved"), None);
    theirs.commits(&commit).await;
}

/// The code of an organization is unique over all of them, and everyone can see that it is taken.
pub async fn an_organizations_code_is_unique_over_all(store: &dyn Store) {
    let mut second = Shop::empty(store, 2);
    let (same_code, _) = second.decide(&[found(1)]).await;
    let first = Shop::open(store, 1).await;
    let mut commit = second.batch(same_code);
    commit.changes.api_key_hashes.clear();
    refuses(&second, &commit, Conflict::Claimed).await;
    let (kind, key) = (ClaimKind::OrganizationCode, "shop-1".to_owned());
    let expected = Row::Claim {
        kind,
        key: key.clone(),
        holder: Some(first.organization.to_u128()),
    };
    for shop in [&first, &second] {
        assert_eq!(
            shop.load_one(Key::Claim {
                kind,
                key: key.clone()
            })
            .await,
            expected
        );
    }
    let listed = store.organizations().await.expect("organizations are read");
    assert_eq!(listed, [(first.organization, "shop-1".to_owned())]);
}

/// Organizations are listed with their codes as they were founded.
pub async fn organizations_are_listed_as_they_were_founded(store: &dyn Store) {
    let mut expected = Vec::new();
    for n in 1..=5 {
        let mut shop = Shop::empty(store, n);
        shop.give(found(n)).await;
        expected.push((shop.organization, format!("shop-{n}")));
        let listed = store.organizations().await.expect("organizations are read");
        assert_eq!(listed, expected);
    }
}

/// A key is found by the hash of its secret, in whatever organization, with its role.
pub async fn a_key_is_found_by_its_secret(store: &dyn Store) {
    let mut shops = [Shop::open(store, 1).await, Shop::open(store, 2).await];
    for (n, shop) in (1_u8..).zip(&mut shops) {
        let owner = store.find_key(&[n; 32]).await.expect("a key is looked up");
        let owner = owner.expect("the owner's key is there");
        assert_eq!(
            (owner.organization, owner.role),
            (shop.organization, Role::Owner)
        );
        for (offset, role) in
            (10_u8..)
                .step_by(10)
                .zip([Role::Viewer, Role::Operator, Role::Manager])
        {
            let hash = [n + offset; 32];
            let given = shop.give(create_key("clerk", role, hash)).await;
            let key = ApiKeyId::from_u128(record_of(&given.applied));
            let found = store.find_key(&hash).await.expect("a key is looked up");
            let organization = shop.organization;
            assert_eq!(
                found,
                Some(FoundKey {
                    organization,
                    key,
                    role,
                    scope: Scope::default(),
                })
            );
        }
    }
    let mut almost = [1; 32];
    almost[31] = 2;
    assert_eq!(
        store.find_key(&almost).await.expect("a key is looked up"),
        None
    );
    assert_eq!(
        store.find_key(&[0; 32]).await.expect("a key is looked up"),
        None
    );
}

/// A key that was withdrawn is not found any more; its secret is not free either.
pub async fn a_withdrawn_key_is_not_found(store: &dyn Store) {
    let mut shop = Shop::open(store, 1).await;
    let given = shop.give(create_key("till", Role::Operator, [9; 32])).await;
    let key = ApiKeyId::from_u128(record_of(&given.applied));
    shop.give(Command::RevokeApiKey(RevokeApiKey { key })).await;
    assert_eq!(
        store.find_key(&[9; 32]).await.expect("a key is looked up"),
        None
    );
    let owner = store.find_key(&[1; 32]).await.expect("a key is looked up");
    assert!(owner.is_some(), "the other key stays");
    let (changes, _) = shop
        .decide(&[create_key("again", Role::Operator, [9; 32])])
        .await;
    let again = shop.batch(changes);
    refuses(&shop, &again, Conflict::Claimed).await;
}
