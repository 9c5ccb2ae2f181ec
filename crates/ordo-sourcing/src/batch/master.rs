//! The linear program over plans: how much of each known plan every order follows, at least cost,
//! within the limits. Its dual values are the prices of the limits.
//!
//! A revised simplex for generalized upper bounds: every order has one basic column that absorbs
//! "all plans of an order sum to its weight", so that only the columns beyond those, and the limits
//! that bind, form a matrix to invert. That kernel has a few hundred rows where the whole program
//! has thousands.
//!
//! Floats are at home here and in the kernel, nowhere else: what leaves this module are prices, which others round
//! and use in exact arithmetic. Only additions, multiplications and divisions of IEEE numbers in a
//! fixed order take part, so the answer is the same on every machine.
#![expect(
    clippy::float_arithmetic,
    reason = "prices are approximations; costs never pass here"
)]

use crate::batch::kernel::{Kernel, dot};

/// What a column may be short of a true reduction and still be left alone, in cents.
const COST_TOLERANCE: f64 = 1e-6;
const PIVOT_TOLERANCE: f64 = 1e-9;
const FEASIBILITY_TOLERANCE: f64 = 1e-9;
/// The inverse is built anew after so many updates.
const UPDATES_MAX: usize = 150;
const UC_PER_CENT: f64 = 1e6;
const NOWHERE: usize = usize::MAX;

/// A plan as the program sees it.
struct Column {
    order: usize,
    cost: f64,
    takes: Vec<(usize, f64)>,
}

pub(crate) struct Master {
    limits: Vec<f64>,
    orders: Vec<Order>,
    columns: Vec<Column>,
    /// Where a column stands in `extras`.
    extra_place: Vec<usize>,
    /// Where a limit stands in `tight`.
    tight_place: Vec<usize>,
    /// Basic columns beyond the key columns, and how much of them is used.
    extras: Vec<usize>,
    amounts: Vec<f64>,
    /// Limits that bind: as many as there are extras.
    tight: Vec<usize>,
    /// Differences of extras to their key columns on tight limits, inverted.
    kernel: Kernel,
    /// What is left of each limit that does not bind.
    slack: Vec<f64>,
    prices: Vec<f64>,
    updates: usize,
    /// What a column or slack that enters takes per unit: of each extra, and of each slack.
    alpha: Vec<f64>,
    rates: Vec<f64>,
    touched: Vec<usize>,
}

struct Order {
    weight: f64,
    key: usize,
    amount: f64,
    columns: Vec<usize>,
    extras: Vec<usize>,
}

#[derive(Debug, Clone, Copy)]
enum Entering {
    Column(usize),
    /// The slack of the tight limit at this place.
    Slack(usize),
}

#[derive(Debug, Clone, Copy)]
enum Leaving {
    Extra(usize),
    Key(usize),
    Slack(usize),
}

impl Master {
    /// Limits, and how often each order counts. Without any plan yet: every order must get one that
    /// takes nothing before anything else.
    pub fn new(limits: &[i64], counts: &[i64]) -> Master {
        let order = |&count: &i64| Order {
            weight: count as f64,
            key: NOWHERE,
            amount: count as f64,
            columns: Vec::new(),
            extras: Vec::new(),
        };
        // Each limit is a little wider than it is, every one by another width, so that ties between
        // limits, which can make a simplex walk in circles, do not occur.
        let widened = |(at, &limit): (usize, &i64)| {
            let spread = (at as f64 * 0.618_033_988_749_895).fract();
            limit as f64 + 1e-5 * (1.0 + spread)
        };
        let limits: Vec<f64> = limits.iter().enumerate().map(widened).collect();
        Master {
            orders: counts.iter().map(order).collect(),
            columns: Vec::new(),
            extra_place: Vec::new(),
            tight_place: vec![NOWHERE; limits.len()],
            extras: Vec::new(),
            amounts: Vec::new(),
            tight: Vec::new(),
            kernel: Kernel::default(),
            slack: limits.clone(),
            prices: vec![0.0; limits.len()],
            rates: vec![0.0; limits.len()],
            updates: 0,
            alpha: Vec::new(),
            touched: Vec::new(),
            limits,
        }
    }

    /// Adds a plan. The first of an order must take nothing.
    pub fn add(&mut self, order: usize, cost_uc: i64, drawn: &[(usize, i64)]) -> usize {
        let at = self.columns.len();
        let takes: Vec<_> = drawn
            .iter()
            .map(|&(limit, units)| (limit, units as f64))
            .collect();
        if self.orders[order].key == NOWHERE {
            debug_assert!(takes.is_empty());
            self.orders[order].key = at;
        }
        self.orders[order].columns.push(at);
        let cost = cost_uc as f64 / UC_PER_CENT;
        self.columns.push(Column { order, cost, takes });
        self.extra_place.push(NOWHERE);
        at
    }

    /// Lets an order follow a plan wholly, if that fits into what is left. Only before solving.
    pub fn seat(&mut self, at: usize) -> bool {
        debug_assert!(self.extras.is_empty());
        let column = &self.columns[at];
        let order = &mut self.orders[column.order];
        let old = &self.columns[order.key].takes;
        let fits = |&(limit, units): &(usize, f64)| {
            let freed = units_of(old, limit);
            (units - freed) * order.weight <= self.slack[limit]
        };
        if !column.takes.iter().all(fits) {
            return false;
        }
        for &(limit, units) in old {
            self.slack[limit] += units * order.weight;
        }
        for &(limit, units) in &column.takes {
            self.slack[limit] -= units * order.weight;
        }
        order.key = at;
        true
    }

    /// The price of each limit in micro-cents, rounded; zero where it does not bind.
    pub fn prices_uc(&self) -> Vec<i64> {
        let rounded = |price: &f64| (price * UC_PER_CENT).round() as i64;
        self.prices.iter().map(rounded).collect()
    }

    /// How much of a column is used, in millionths of once.
    pub fn followed_ppm(&self, column: usize) -> i64 {
        let order = &self.orders[self.columns[column].order];
        let amount = match self.extra_place[column] {
            NOWHERE if order.key == column => order.amount,
            NOWHERE => 0.0,
            place => self.amounts[place],
        };
        (amount * 1e6).round() as i64
    }

    /// The least cost of following the known plans, in micro-cents, about.
    pub fn value_uc(&self) -> i128 {
        let keys = self
            .orders
            .iter()
            .map(|order| order.amount * self.columns[order.key].cost);
        let extras = self.extras.iter().zip(&self.amounts);
        let extras = extras.map(|(&at, amount)| amount * self.columns[at].cost);
        ((keys.sum::<f64>() + extras.sum::<f64>()) * UC_PER_CENT) as i128
    }

    /// Walks to the optimum over the known plans.
    pub fn solve(&mut self) {
        // Widened limits keep it from walking in circles; should it ever, prices are what they are.
        let pivots_max = 1_000 + 10 * (self.columns.len() + self.limits.len());
        let mut pivots = 0;
        self.refresh_prices();
        loop {
            let mut entering = self.attractive();
            if entering.is_empty() {
                return;
            }
            entering.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut moved = false;
            let least = entering[0].0;
            for (_, who) in entering {
                let gain = match who {
                    Attractive::Column(at) => {
                        let nonbasic = self.extra_place[at] == NOWHERE
                            && self.orders[self.columns[at].order].key != at;
                        if nonbasic { self.reduced_cost(at) } else { 0.0 }
                    }
                    Attractive::Slack(limit) => match self.tight_place[limit] {
                        NOWHERE => 0.0,
                        _ => self.prices[limit],
                    },
                };
                // What was found attractive before other columns entered may have lost its charm.
                if gain > -COST_TOLERANCE || gain > 0.1 * least {
                    continue;
                }
                if pivots == pivots_max {
                    return;
                }
                let entering = match who {
                    Attractive::Column(at) => Entering::Column(at),
                    Attractive::Slack(limit) => Entering::Slack(self.tight_place[limit]),
                };
                self.pivot(entering);
                moved = true;
                pivots += 1;
            }
            if !moved {
                return;
            }
        }
    }

    fn priced(&self, cost: f64, takes: &[(usize, f64)]) -> f64 {
        takes.iter().fold(cost, |sum, &(limit, units)| {
            sum + units * self.prices[limit]
        })
    }

    /// What one more of a plan would add to the objective, by the prices.
    fn reduced_cost(&self, at: usize) -> f64 {
        let column = &self.columns[at];
        let key = &self.columns[self.orders[column.order].key];
        self.priced(column.cost, &column.takes) - self.priced(key.cost, &key.takes)
    }

    /// The best column of every order and all slacks that would lower the objective.
    fn attractive(&self) -> Vec<(f64, Attractive)> {
        let mut found = Vec::new();
        for order in &self.orders {
            let key = &self.columns[order.key];
            let level = self.priced(key.cost, &key.takes) - COST_TOLERANCE;
            let mut best = (level, NOWHERE);
            for &at in &order.columns {
                let column = &self.columns[at];
                let cost = self.priced(column.cost, &column.takes);
                if cost < best.0 && self.extra_place[at] == NOWHERE && at != order.key {
                    best = (cost, at);
                }
            }
            if best.1 != NOWHERE {
                found.push((best.0 - level, Attractive::Column(best.1)));
            }
        }
        for &limit in &self.tight {
            if self.prices[limit] < -COST_TOLERANCE {
                found.push((self.prices[limit], Attractive::Slack(limit)));
            }
        }
        found
    }

    fn pivot(&mut self, entering: Entering) {
        self.direction(entering);
        let (step, leaving) = self.ratio_test(entering);
        self.advance(entering, step);
        match leaving {
            Leaving::Extra(place) => self.exchange(entering, step, place),
            Leaving::Slack(limit) => self.tighten(entering, step, limit),
            Leaving::Key(order) => match self.orders[order].extras.first() {
                Some(&column) => {
                    let place = self.extra_place[column];
                    self.crown(order, place);
                    self.direction(entering);
                    self.exchange(entering, step, place);
                }
                None => {
                    let Entering::Column(at) = entering else {
                        unreachable!("a slack moves only orders that have extras");
                    };
                    self.orders[order].key = at;
                    self.orders[order].amount = step;
                }
            },
        }
        self.updates += 1;
        if self.updates >= UPDATES_MAX {
            self.rebuild();
        }
        self.refresh_prices();
    }

    /// Fills `alpha` and `rates` for one unit of what enters.
    fn direction(&mut self, entering: Entering) {
        for &limit in &self.touched {
            self.rates[limit] = 0.0;
        }
        self.touched.clear();
        self.alpha.clear();
        match entering {
            Entering::Column(at) => {
                self.alpha.resize(self.extras.len(), 0.0);
                let column = &self.columns[at];
                let key = &self.columns[self.orders[column.order].key];
                for (takes, sign) in [(&column.takes, 1.0), (&key.takes, -1.0)] {
                    for &(limit, units) in takes {
                        let units = sign * units;
                        match self.tight_place[limit] {
                            NOWHERE => {
                                self.rates[limit] += units;
                                self.touched.push(limit);
                            }
                            place => {
                                self.kernel.add_row(place, units, &mut self.alpha);
                            }
                        }
                    }
                }
            }
            Entering::Slack(place) => self.alpha.extend_from_slice(self.kernel.row(place)),
        }
        for (place, &at) in self.extras.iter().enumerate() {
            let alpha = self.alpha[place];
            if alpha.abs() < 1e-13 {
                continue;
            }
            let column = &self.columns[at];
            let key = &self.columns[self.orders[column.order].key];
            for (takes, sign) in [(&column.takes, -alpha), (&key.takes, alpha)] {
                for &(limit, units) in takes {
                    if self.tight_place[limit] == NOWHERE {
                        self.rates[limit] += sign * units;
                        self.touched.push(limit);
                    }
                }
            }
        }
        self.touched.sort_unstable();
        self.touched.dedup();
    }

    /// How fast an order's key column shrinks.
    fn key_rate(&self, order: usize, entering: Entering) -> f64 {
        let extras = self.orders[order].extras.iter();
        let grown: f64 = extras.map(|&at| self.alpha[self.extra_place[at]]).sum();
        match entering {
            Entering::Column(at) if self.columns[at].order == order => 1.0 - grown,
            Entering::Column(_) | Entering::Slack(_) => -grown,
        }
    }

    /// The orders whose key column can change.
    fn moving_orders(&self, entering: Entering) -> Vec<usize> {
        let with_extras = self
            .extras
            .iter()
            .zip(&self.alpha)
            .filter(|(_, alpha)| alpha.abs() >= 1e-13);
        let mut orders: Vec<usize> = with_extras.map(|(&at, _)| self.columns[at].order).collect();
        if let Entering::Column(at) = entering {
            orders.push(self.columns[at].order);
        }
        orders.sort_unstable();
        orders.dedup();
        orders
    }

    /// How far the entering one can go, and who stops it: of those who stop it at nearly the same
    /// point the one that moves fastest, which keeps the numbers sound.
    fn ratio_test(&self, entering: Entering) -> (f64, Leaving) {
        let mut stops: Vec<(f64, f64, Leaving)> = Vec::new();
        let mut stop = |left: f64, rate: f64, who: Leaving| {
            if rate > PIVOT_TOLERANCE {
                stops.push((left.max(0.0), rate, who));
            }
        };
        for (place, (&left, &rate)) in self.amounts.iter().zip(&self.alpha).enumerate() {
            stop(left, rate, Leaving::Extra(place));
        }
        for order in self.moving_orders(entering) {
            stop(
                self.orders[order].amount,
                self.key_rate(order, entering),
                Leaving::Key(order),
            );
        }
        for &limit in &self.touched {
            stop(self.slack[limit], self.rates[limit], Leaving::Slack(limit));
        }
        let reach = |&(left, rate, _): &(f64, f64, Leaving)| (left + FEASIBILITY_TOLERANCE) / rate;
        let far = stops.iter().map(reach).fold(f64::INFINITY, f64::min);
        let within = stops.iter().filter(|(left, rate, _)| left / rate <= far);
        let fastest = within.max_by(|a, b| a.1.total_cmp(&b.1));
        let &(left, rate, who) =
            fastest.expect("an order's plans sum to its weight, so none grows forever");
        (left / rate, who)
    }

    /// Moves all basic amounts.
    fn advance(&mut self, entering: Entering, step: f64) {
        for order in self.moving_orders(entering) {
            self.orders[order].amount -= step * self.key_rate(order, entering);
        }
        for (amount, rate) in self.amounts.iter_mut().zip(&self.alpha) {
            *amount -= step * rate;
        }
        for &limit in &self.touched {
            self.slack[limit] -= step * self.rates[limit];
        }
    }

    /// An extra leaves for what enters.
    fn exchange(&mut self, entering: Entering, step: f64, place: usize) {
        let leaving = self.extras[place];
        self.forget_extra(leaving);
        match entering {
            Entering::Column(at) => {
                self.kernel.replace_extra(place, &self.alpha);
                self.extras[place] = at;
                self.amounts[place] = step;
                self.extra_place[at] = place;
                self.orders[self.columns[at].order].extras.push(at);
            }
            Entering::Slack(tight) => {
                self.kernel.shrink(tight, place);
                self.extras.swap_remove(place);
                self.amounts.swap_remove(place);
                if let Some(&moved) = self.extras.get(place) {
                    self.extra_place[moved] = place;
                }
                self.loosen(tight, step);
                self.tight.swap_remove(tight);
                if let Some(&moved) = self.tight.get(tight) {
                    self.tight_place[moved] = tight;
                }
            }
        }
    }

    /// A limit that was loose stops what enters, and binds from now on.
    fn tighten(&mut self, entering: Entering, step: f64, limit: usize) {
        let difference = |master: &Master, at: usize| {
            let column = &master.columns[at];
            let key = &master.columns[master.orders[column.order].key];
            units_of(&column.takes, limit) - units_of(&key.takes, limit)
        };
        let entries: Vec<f64> = self.extras.iter().map(|&at| difference(self, at)).collect();
        self.slack[limit] = 0.0;
        match entering {
            Entering::Column(at) => {
                let corner = difference(self, at);
                self.kernel.grow(&entries, &self.alpha, corner);
                self.extra_place[at] = self.extras.len();
                self.orders[self.columns[at].order].extras.push(at);
                self.extras.push(at);
                self.amounts.push(step);
                self.tight_place[limit] = self.tight.len();
                self.tight.push(limit);
            }
            Entering::Slack(place) => {
                self.kernel.replace_limit(place, &entries);
                self.loosen(place, step);
                self.tight[place] = limit;
                self.tight_place[limit] = place;
            }
        }
    }

    fn loosen(&mut self, place: usize, step: f64) {
        let limit = self.tight[place];
        self.tight_place[limit] = NOWHERE;
        self.slack[limit] = step;
        self.prices[limit] = 0.0;
    }

    /// Makes an extra of an order its key column, and the key an extra in its place.
    fn crown(&mut self, order: usize, place: usize) {
        let column = self.extras[place];
        let places: Vec<usize> = self.orders[order]
            .extras
            .iter()
            .map(|&at| self.extra_place[at])
            .collect();
        self.kernel.crown(place, &places);
        let old = self.orders[order].key;
        self.forget_extra(column);
        self.orders[order].key = column;
        self.orders[order].extras.push(old);
        self.extras[place] = old;
        self.extra_place[old] = place;
        std::mem::swap(&mut self.orders[order].amount, &mut self.amounts[place]);
    }

    fn forget_extra(&mut self, column: usize) {
        self.extra_place[column] = NOWHERE;
        let extras = &mut self.orders[self.columns[column].order].extras;
        extras.retain(|&at| at != column);
    }

    fn refresh_prices(&mut self) {
        let raised = |&at: &usize| {
            let column = &self.columns[at];
            column.cost - self.columns[self.orders[column.order].key].cost
        };
        let costs: Vec<f64> = self.extras.iter().map(raised).collect();
        for (place, &limit) in self.tight.iter().enumerate() {
            self.prices[limit] = -dot(self.kernel.row(place), &costs);
        }
    }

    /// Inverts the kernel anew and counts all amounts again.
    fn rebuild(&mut self) {
        self.updates = 0;
        let size = self.extras.len();
        // One row per extra, so that the rows of the inverse come out by tight limit.
        let mut kernel = vec![vec![0.0; size]; size];
        for (row, &at) in kernel.iter_mut().zip(&self.extras) {
            let column = &self.columns[at];
            let key = &self.columns[self.orders[column.order].key];
            for (takes, sign) in [(&column.takes, 1.0), (&key.takes, -1.0)] {
                for &(limit, units) in takes {
                    if self.tight_place[limit] != NOWHERE {
                        row[self.tight_place[limit]] += sign * units;
                    }
                }
            }
        }
        self.kernel.rebuild(kernel);
        self.recount();
    }

    fn recount(&mut self) {
        let mut left = self.limits.clone();
        for order in &mut self.orders {
            order.amount = order.weight;
            for &(limit, units) in &self.columns[order.key].takes {
                left[limit] -= units * order.weight;
            }
        }
        self.amounts.iter_mut().for_each(|amount| *amount = 0.0);
        for (place, &limit) in self.tight.iter().enumerate() {
            self.kernel.add_row(place, left[limit], &mut self.amounts);
        }
        for (&at, &amount) in self.extras.iter().zip(&self.amounts) {
            let column = &self.columns[at];
            let order = &mut self.orders[column.order];
            order.amount -= amount;
            for (takes, sign) in [
                (&column.takes, amount),
                (&self.columns[order.key].takes, -amount),
            ] {
                for &(limit, units) in takes {
                    left[limit] -= sign * units;
                }
            }
        }
        for &limit in &self.tight {
            left[limit] = 0.0;
        }
        self.slack = left;
    }
}

#[derive(Debug, Clone, Copy)]
enum Attractive {
    Column(usize),
    Slack(usize),
}

fn units_of(takes: &[(usize, f64)], limit: usize) -> f64 {
    takes
        .iter()
        .find(|take| take.0 == limit)
        .map_or(0.0, |take| take.1)
}
