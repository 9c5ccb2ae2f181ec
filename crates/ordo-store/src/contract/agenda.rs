//! Rules for what is still to be done: tasks and their leases, orders that wait, cells that are short.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ordo_domain::id::OrganizationId;
use ordo_domain::time::{DAY, SECOND, Timestamp};

use super::fixture::{Shop, adjust, capture, order, receive, safety};
use crate::agenda::{Agenda, Task, TaskDraft, TaskEnd, TaskState, Wait, WaitFor, WaitKind};
use crate::port::Store;
use crate::view::ViewWrite;

const KINDS: &[&str] = &["mail", "sweep"];
const LONG: Duration = Duration::from_secs(600);

/// Leases go by a real clock where several nodes share the store.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let micros = since.expect("the clock is after 1970").as_micros();
    Timestamp::from_micros(i64::try_from(micros).expect("microseconds of centuries fit"))
}

fn draft(id: u128, kind: &str, queue: &str, position: i64) -> TaskDraft {
    TaskDraft {
        id,
        kind: kind.to_owned(),
        queue: queue.to_owned(),
        position,
        due_at: Timestamp::from_micros(position),
        body: format!("{{\"n\":{id}}}"),
    }
}

async fn add(agenda: &dyn Agenda, organization: OrganizationId, tasks: &[TaskDraft]) {
    let added = agenda.add_tasks(organization, now(), tasks).await;
    added.expect("tasks are added");
}

async fn lease(agenda: &dyn Agenda, kinds: &[&str], lease: Duration, limit: usize) -> Vec<Task> {
    let leased = agenda.lease_tasks(kinds, now(), lease, limit).await;
    leased.expect("tasks are leased")
}

fn ids(tasks: &[Task]) -> Vec<u128> {
    let mut ids: Vec<u128> = tasks.iter().map(|task| task.id).collect();
    ids.sort_unstable();
    ids
}

async fn end(agenda: &dyn Agenda, task: &Task, how: TaskEnd) -> bool {
    let ended = agenda
        .end_task(task.organization, task.id, task.fence, &how)
        .await;
    ended.expect("a lease is ended")
}

/// Only the first of each queue is leased, only of the kinds asked for, only when it is due, and
/// nobody else gets it meanwhile.
pub async fn tasks_are_leased_one_by_one_within_their_queue(
    store: &dyn Store,
    agenda: &dyn Agenda,
) {
    let shop = Shop::open(store, 1).await;
    let other = Shop::open(store, 2).await;
    let mut late = draft(7, "mail", "later", 1);
    late.due_at = now().plus_micros(DAY);
    let tasks = [
        draft(1, "mail", "a", 20),
        draft(2, "mail", "a", 10),
        draft(3, "mail", "b", 30),
        draft(4, "sweep", "c", 40),
        late,
        draft(2, "mail", "again", 1),
    ];
    add(agenda, shop.organization, &tasks).await;
    add(agenda, shop.organization, &tasks).await;
    add(agenda, other.organization, &[draft(1, "mail", "a", 5)]).await;
    assert_eq!(ids(&lease(agenda, &["nothing"], LONG, 9).await), []);
    let first = lease(agenda, &["mail"], LONG, 9).await;
    assert_eq!(ids(&first), [1, 2, 3]);
    let of_other = first.iter().find(|task| task.id == 1).expect("leased");
    assert_eq!(of_other.organization, other.organization);
    let two = first.iter().find(|task| task.id == 2).expect("leased");
    let (state, attempts, queue, body) = (two.state, two.attempts, &two.queue, &two.body);
    assert_eq!((state, attempts), (TaskState::Waiting, 1));
    assert_eq!((queue.as_str(), body.as_str()), ("a", "{\"n\":2}"));
    assert_eq!(ids(&lease(agenda, KINDS, LONG, 9).await), [4]);
    assert!(end(agenda, two, TaskEnd::Gone).await);
    let gone = agenda.task(shop.organization, 2).await;
    assert_eq!(gone.expect("a task is read"), None);
    assert_eq!(ids(&lease(agenda, KINDS, LONG, 9).await), [1]);
    assert_eq!(ids(&lease(agenda, KINDS, LONG, 9).await), []);
}

/// No more are leased than asked for, the longest due first.
pub async fn the_longest_due_come_first(store: &dyn Store, agenda: &dyn Agenda) {
    let shop = Shop::open(store, 1).await;
    let tasks: Vec<TaskDraft> = (1..=5)
        .map(|n| draft(10 - n, "mail", &format!("q{n}"), n as i64))
        .collect();
    add(agenda, shop.organization, &tasks).await;
    assert_eq!(ids(&lease(agenda, KINDS, LONG, 0).await), []);
    assert_eq!(ids(&lease(agenda, KINDS, LONG, 2).await), [8, 9]);
    assert_eq!(ids(&lease(agenda, KINDS, LONG, 2).await), [6, 7]);
}

/// A lease that ran out is given to the next, and who held it can no longer end it.
pub async fn a_lease_that_ran_out_changes_nothing(store: &dyn Store, agenda: &dyn Agenda) {
    let shop = Shop::open(store, 1).await;
    add(agenda, shop.organization, &[draft(1, "mail", "a", 1)]).await;
    let slow = lease(agenda, KINDS, Duration::ZERO, 1).await.remove(0);
    let next = lease(agenda, KINDS, LONG, 1).await.remove(0);
    assert_eq!((next.id, next.attempts), (1, 2));
    assert!(next.fence > slow.fence);
    for how in [
        TaskEnd::Gone,
        TaskEnd::Done,
        TaskEnd::Next { body: "{}".into() },
        TaskEnd::Parked { error: "x".into() },
    ] {
        assert!(!end(agenda, &slow, how).await);
    }
    let kept = agenda.task(shop.organization, 1).await;
    let kept = kept.expect("a task is read").expect("it is there");
    assert_eq!(kept.fence, next.fence);
    assert_eq!(kept.body, "{\"n\":1}");
    assert!(end(agenda, &next, TaskEnd::Done).await);
    assert!(!end(agenda, &next, TaskEnd::Gone).await, "it has ended");
}

/// A failed task comes again when it is due; a page that is done goes on at once.
pub async fn a_failed_task_comes_again(store: &dyn Store, agenda: &dyn Agenda) {
    let shop = Shop::open(store, 1).await;
    add(agenda, shop.organization, &[draft(1, "mail", "a", 1)]).await;
    let task = lease(agenda, KINDS, LONG, 1).await.remove(0);
    let error = "the other side is away".to_owned();
    let due_at = now().plus_micros(DAY);
    assert!(end(agenda, &task, TaskEnd::Again { due_at, error }).await);
    assert_eq!(ids(&lease(agenda, KINDS, LONG, 1).await), []);
    let kept = agenda.task(shop.organization, 1).await;
    let kept = kept.expect("a task is read").expect("it is there");
    assert_eq!(kept.error.as_deref(), Some("the other side is away"));
    assert_eq!((kept.state, kept.due_at), (TaskState::Waiting, due_at));

    add(agenda, shop.organization, &[draft(2, "sweep", "b", 1)]).await;
    let page = lease(agenda, KINDS, LONG, 1).await.remove(0);
    let body = "{\"after\":7}".to_owned();
    assert!(end(agenda, &page, TaskEnd::Next { body }).await);
    let page = lease(agenda, KINDS, LONG, 1).await.remove(0);
    assert_eq!((page.id, page.attempts), (2, 1), "a page is no failure");
    assert_eq!(page.body, "{\"after\":7}");
}

/// A parked task waits for a person and lets the next of its queue pass; done ones are dropped when
/// they are old.
pub async fn parked_and_done_tasks_are_listed(store: &dyn Store, agenda: &dyn Agenda) {
    let shop = Shop::open(store, 1).await;
    let whose = shop.organization;
    let tasks: Vec<TaskDraft> = (1..=3).map(|n| draft(n, "mail", "a", n as i64)).collect();
    add(agenda, whose, &tasks).await;
    let list = |state, after, limit| async move {
        let page = agenda.list_tasks(whose, KINDS, state, after, limit).await;
        let page = page.expect("tasks are listed");
        (ids(&page.items), page.next)
    };
    assert_eq!(
        list(TaskState::Waiting, None, 2).await,
        (vec![1, 2], Some(2))
    );
    assert_eq!(list(TaskState::Waiting, Some(2), 2).await, (vec![3], None));
    for error in ["first", "second"] {
        let task = lease(agenda, KINDS, LONG, 9).await.remove(0);
        let error = error.to_owned();
        assert!(end(agenda, &task, TaskEnd::Parked { error }).await);
    }
    assert_eq!(list(TaskState::Parked, None, 9).await, (vec![1, 2], None));
    let last = lease(agenda, KINDS, LONG, 9).await;
    assert_eq!(ids(&last), [3]);
    let retry = |id| async move {
        let retried = agenda
            .retry_task(whose, id, now().plus_micros(-SECOND))
            .await;
        retried.expect("a task is retried")
    };
    assert!(retry(1).await);
    assert!(!retry(1).await, "it is no longer parked");
    assert!(!retry(99).await);
    // It comes before the last one again, which is under way.
    let again = lease(agenda, KINDS, LONG, 9).await;
    assert_eq!((ids(&again), again[0].attempts), (vec![1], 1));
    assert!(end(agenda, &again[0], TaskEnd::Done).await);
    assert!(end(agenda, &last[0], TaskEnd::Done).await);
    assert_eq!(list(TaskState::Done, None, 9).await, (vec![1, 3], None));
    let drop = |until: Timestamp, limit| async move {
        let dropped = agenda.drop_tasks(until, limit).await;
        dropped.expect("tasks are dropped")
    };
    assert_eq!(drop(now().plus_micros(-DAY), 9).await, 0);
    assert_eq!(drop(now().plus_micros(DAY), 1).await, 1);
    assert_eq!(drop(now().plus_micros(DAY), 9).await, 1);
    assert_eq!(list(TaskState::Parked, None, 9).await, (vec![2], None));
}

/// What a consumer says that is to be done is kept with its cursor, or not at all.
pub async fn a_consumer_leaves_tasks_with_its_cursor(store: &dyn Store, agenda: &dyn Agenda) {
    let mut shop = Shop::open(store, 1).await;
    let captured = shop.give(capture(&order("O1", &[("A", 1)]))).await.order();
    let what = WaitFor {
        kind: WaitKind::Stock,
        key: 77,
    };
    let write = |after, upto, id| ViewWrite {
        organization: shop.organization,
        consumer: "view",
        after,
        upto,
        terms: Vec::new(),
        movements: Vec::new(),
        rollups: Vec::new(),
        waits: vec![Wait {
            what,
            order: captured.id,
        }],
        tasks: vec![draft(id, "mail", "a", upto)],
        at: now(),
    };
    let stale = store.save_view(&write(5, 9, 1)).await;
    assert!(!stale.expect("a view is refused"));
    assert_eq!(ids(&lease(agenda, KINDS, LONG, 9).await), []);
    let saved = store.save_view(&write(0, 9, 2)).await;
    assert!(saved.expect("a view is saved"));
    assert_eq!(ids(&lease(agenda, KINDS, LONG, 9).await), [2]);
    let waiting = agenda.waiting(shop.organization, what, 0, 9).await;
    let waiting = waiting.expect("waiting orders are read");
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].1, captured.id);
}

/// Orders wait in the order of their numbers, for one thing and another, until they are taken off.
pub async fn waiting_orders_come_by_their_number(store: &dyn Store, agenda: &dyn Agenda) {
    let mut shop = Shop::open(store, 1).await;
    let whose = shop.organization;
    let mut captured = Vec::new();
    for name in ["O1", "O2", "O3"] {
        let input = order(name, &[("A", 1)]);
        captured.push(shop.give(capture(&input)).await.order().id);
    }
    let stock = |key| WaitFor {
        kind: WaitKind::Stock,
        key,
    };
    let code = WaitFor {
        kind: WaitKind::Code,
        key: 5,
    };
    let wait = |what, n: usize| Wait {
        what,
        order: captured[n],
    };
    let write = ViewWrite {
        organization: whose,
        consumer: "view",
        after: 0,
        upto: 1,
        terms: Vec::new(),
        movements: Vec::new(),
        rollups: Vec::new(),
        waits: vec![
            wait(stock(9), 2),
            wait(stock(9), 0),
            wait(stock(9), 1),
            wait(stock(9), 1),
            wait(stock(8), 1),
            wait(code, 0),
            Wait {
                what: code,
                order: ordo_domain::id::OrderId::from_u128(1),
            },
        ],
        tasks: Vec::new(),
        at: now(),
    };
    assert!(store.save_view(&write).await.expect("a view is saved"));
    let waiting = |what, after, limit| async move {
        let found = agenda.waiting(whose, what, after, limit).await;
        found.expect("waiting orders are read")
    };
    let all = waiting(stock(9), 0, 9).await;
    let orders: Vec<_> = all.iter().map(|(_, order)| *order).collect();
    assert_eq!(orders, captured);
    assert_eq!(waiting(stock(9), all[0].0, 1).await, all[1..2]);
    assert_eq!(waiting(code, 0, 9).await.len(), 1, "nobody waits unseen");
    let waited_for = |after, limit| async move {
        let found = agenda.waited_for(whose, after, limit).await;
        found.expect("what is waited for is read")
    };
    assert_eq!(waited_for(None, 9).await, [stock(8), stock(9), code]);
    assert_eq!(waited_for(Some(stock(8)), 1).await, [stock(9)]);
    let asked = [stock(8), stock(7), code, stock(9)];
    let mut waited = agenda.waited(whose, &asked).await.expect("waits are read");
    waited.sort_unstable();
    assert_eq!(waited, [stock(8), stock(9), code]);
    let none = agenda.waited(whose, &[]).await;
    assert_eq!(none.expect("waits are read"), []);
    let numbers = [all[0].0, all[2].0, 123_456];
    let ended = agenda.end_waits(whose, stock(9), &numbers).await;
    ended.expect("waits are ended");
    assert_eq!(waiting(stock(9), 0, 9).await, all[1..2]);
    assert_eq!(waited_for(None, 9).await, [stock(8), stock(9), code]);
    let other = Shop::open(store, 2).await;
    let found = agenda.waiting(other.organization, stock(9), 0, 9).await;
    assert_eq!(found.expect("waiting orders are read"), []);
}

/// A fact that leaves less than was promised names the cell in its own commit; the name goes when
/// enough is there again.
pub async fn facts_name_the_cells_that_they_leave_short(store: &dyn Store, agenda: &dyn Agenda) {
    let mut shop = Shop::open(store, 1).await;
    let whose = shop.organization;
    let key = shop.cell_key("A", "BER").await;
    let short = || async {
        let found = agenda.short_cells(9).await;
        found.expect("short cells are read")
    };
    let off = || async {
        let off = agenda.end_short(whose, key).await;
        off.expect("a short cell is looked at")
    };
    shop.give(capture(&order("O1", &[("A", 8)]))).await;
    shop.give(adjust("A", "BER", -2)).await;
    assert_eq!(short().await, []);
    shop.give(adjust("A", "BER", -3)).await;
    assert_eq!(short().await, [(whose, key)]);
    shop.give(adjust("A", "BER", -1)).await;
    assert!(!off().await);
    assert_eq!(short().await, [(whose, key)]);
    shop.give(receive("A", "BER", 4)).await;
    assert!(off().await);
    assert_eq!(short().await, []);
    // Safety stock bears the next facts: 8 are there for 8 promised.
    shop.give(safety("A", "BER", 5)).await;
    assert_eq!(short().await, []);
    shop.give(adjust("A", "BER", -1)).await;
    assert_eq!(short().await, [(whose, key)]);
    shop.give(receive("A", "BER", 1)).await;
    assert!(off().await);
}
