//! Search terms: what an order is found by, as hashes keyed with the organization.

use std::hash::Hasher;

use ordo_domain::contact::Contact;
use ordo_domain::id::OrganizationId;
use ordo_domain::order::Order;
use siphasher::sip::SipHasher24;

/// The hash of a term: letters and digits of it, in lower case.
#[must_use]
pub fn term_hash(organization: OrganizationId, term: &str) -> i64 {
    let mut hasher = SipHasher24::new_with_key(&organization.to_u128().to_be_bytes());
    let mut buffer = [0_u8; 4];
    for character in term
        .chars()
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphanumeric())
    {
        hasher.write(character.encode_utf8(&mut buffer).as_bytes());
    }
    hasher.finish().cast_signed()
}

/// The terms of an order: the channel's id, SKUs, the ids of its contacts, and of those contacts that
/// are there e-mail, phone, postal code and each word of the names. Sorted, without repetition.
#[must_use]
pub fn order_terms<'a>(
    organization: OrganizationId,
    order: &Order,
    contacts: impl Iterator<Item = &'a Contact>,
) -> Vec<i64> {
    let mut terms = Vec::with_capacity(12);
    let mut add = |text: &str| {
        if text.chars().any(char::is_alphanumeric) {
            terms.push(term_hash(organization, text));
        }
    };
    add(&order.external_id);
    for line in &order.lines {
        add(&line.code);
        if let Some(listing) = &line.listing {
            add(listing);
        }
    }
    for reference in &order.external_refs {
        add(&reference.value);
    }
    for id in order.contacts() {
        add(&id.to_string());
    }
    for contact in contacts {
        for text in [&contact.email, &contact.phone, &contact.postal_code]
            .into_iter()
            .flatten()
        {
            add(text);
        }
        for name in [&contact.name, &contact.company, &contact.city]
            .into_iter()
            .flatten()
        {
            name.split_whitespace().for_each(&mut add);
        }
    }
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// The terms of what a person typed, all of which must match. A text of digits and the signs that
/// stand in phone numbers is one term; a text with `@` too; else every word is one.
#[must_use]
pub fn search_terms(organization: OrganizationId, text: &str) -> Vec<i64> {
    let phone = text
        .chars()
        .all(|c| c.is_ascii_digit() || " +-()/.".contains(c));
    let words: Vec<&str> = if phone {
        vec![text]
    } else {
        text.split_whitespace().collect()
    };
    words
        .into_iter()
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .map(|word| term_hash(organization, word))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_and_case_do_not_matter() {
        let organization = OrganizationId::from_u128(1);
        let hash = |text| term_hash(organization, text);
        assert_eq!(hash("+49 (30) 12-34"), hash("49301234"));
        assert_eq!(hash("#A-1001"), hash("a1001"));
        assert_ne!(hash("Müller"), hash("Muller"));
        assert_eq!(
            search_terms(organization, "+49 30 1234"),
            vec![hash("49301234")]
        );
        assert_eq!(
            search_terms(organization, " Anna  Müller "),
            vec![hash("anna"), hash("müller")]
        );
        assert!(search_terms(organization, " ,. ").is_empty());
        assert_ne!(hash("a"), term_hash(OrganizationId::from_u128(2), "a"));
    }
}
