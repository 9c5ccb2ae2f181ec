//! Parts the plans of a branch in two, so that the fractional mix at hand is in neither half.

use std::collections::BTreeMap;

use crate::master::{Master, Rules};
use crate::model::Model;

/// Some of all plans: those that keep to the rules and ship from these sites only.
#[derive(Debug, Clone)]
pub(crate) struct Branch {
    pub rules: Rules,
    pub sites: Vec<usize>,
}

impl Branch {
    /// The same sites under other rules.
    fn with(&self, rules: Rules) -> Branch {
        Branch {
            rules,
            sites: self.sites.clone(),
        }
    }
}

/// Ways to part the plans of a branch so that the mix is in none; the likelier first.
pub(crate) fn parted(model: &Model, master: &Master, branch: &Branch) -> Vec<Branch> {
    let (rules, sites) = (&branch.rules, &branch.sites);
    let scale = master.scale();
    let mut shares: Vec<(usize, i128)> = Vec::new();
    let mut shipments = 0;
    for (column, taken) in master.mix() {
        shipments += taken;
        match shares.iter_mut().find(|(site, _)| *site == column.site) {
            Some((_, share)) => *share += taken,
            None => shares.push((column.site, taken)),
        }
    }
    if shipments % scale != 0 {
        let below = usize::try_from(shipments / scale).unwrap_or(usize::MAX - 1);
        let mut more = rules.clone();
        more.at_least = Some(below + 1);
        let mut fewer = rules.clone();
        fewer.at_most = Some(below);
        let branches = [more, fewer].into_iter();
        let possible = branches.filter(|rules| {
            let least = rules.at_least.unwrap_or(0);
            rules.at_most.is_none_or(|most| least <= most)
        });
        return possible.map(|rules| branch.with(rules)).collect();
    }
    // Halfway between shipping and not, or shipping more than once.
    shares.sort_unstable();
    let undecided = |share: i128| {
        if share > scale {
            0
        } else {
            (2 * share - scale).abs()
        }
    };
    let open = shares.iter().filter(|(_, share)| *share != scale);
    let Some(&(site, _)) = open.min_by_key(|(_, share)| undecided(*share)) else {
        return parted_by_grains(model, master, branch);
    };
    let mut with = rules.clone();
    with.used.push(site);
    let others = sites.iter().copied().filter(|&other| other != site);
    let without = Branch {
        rules: rules.clone(),
        sites: others.collect(),
    };
    vec![branch.with(with), without]
}

/// Where it is settled which sites ship, and not what: branches on what one of them ships of one
/// part. What it ships more, the others ship less.
fn parted_by_grains(model: &Model, master: &Master, branch: &Branch) -> Vec<Branch> {
    let (rules, sites) = (&branch.rules, &branch.sites);
    let scale = master.scale();
    let mut shipped: BTreeMap<(usize, usize), i128> = BTreeMap::new();
    for (column, taken) in master.mix() {
        for (part, &grains) in column.load.iter().enumerate() {
            if grains > 0 {
                *shipped.entry((column.site, part)).or_default() += taken * i128::from(grains);
            }
        }
    }
    // The heaviest part that is torn apart most.
    let torn = |grains: i128| (grains % scale).min(scale - grains % scale);
    let weight_g = |part: usize| i128::from(model.parts[part].weight_g + 1);
    let most = (shipped.iter())
        .filter(|(_, grains)| torn(**grains) > 0)
        .max_by_key(|((_, part), grains)| torn(**grains) * weight_g(*part));
    let Some((&(site, part), &grains)) = most else {
        return Vec::new();
    };
    let below = u32::try_from(grains / scale).unwrap_or(u32::MAX);
    let others = model.parts[part].count.saturating_sub(below + 1);
    let (mut fewer, mut more) = (rules.clone(), rules.clone());
    for &one in sites {
        let at = model.items_of(one);
        let items = model.items(one).iter();
        for (cap_at, _) in at.zip(items).filter(|(_, item)| item.part == part) {
            let branch = if one == site { &mut fewer } else { &mut more };
            let most = if one == site { below } else { others };
            branch.caps[cap_at] = branch.caps[cap_at].min(most);
        }
    }
    vec![branch.with(more), branch.with(fewer)]
}
