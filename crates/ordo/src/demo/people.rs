//! Buyers of the demo company: invented people at real towns, written as their countries write them.

use ordo_domain::order::input::ContactInput;

use super::dice::Dice;

/// A country that the company delivers to.
pub struct Land {
    /// ISO 3166-1 alpha-2.
    pub code: &'static str,
    /// The usual rate of value-added tax, in percent.
    pub vat: i64,
    names: &'static [&'static str],
    surnames: &'static [&'static str],
    streets: &'static [&'static str],
    /// Whether the house number stands before the street.
    number_first: bool,
    /// Town and one of its postal codes.
    towns: &'static [(&'static str, &'static str)],
    /// A mobile number; `#` stands for a digit.
    phone: &'static str,
}

/// The countries, those with more buyers more than once.
const SHARES: [usize; 16] = [0, 0, 0, 0, 0, 1, 1, 1, 2, 3, 3, 4, 5, 6, 7, 8];

const LANDS: [Land; 9] = [
    Land {
        code: "DE",
        vat: 19,
        names: &[
            "Anna", "Jonas", "Mia", "Paul", "Clara", "Felix", "Marlene", "Emil", "Nele", "Jannik",
        ],
        surnames: &[
            "Albers", "Brandt", "Dittrich", "Fiedler", "Hagemann", "Kramer", "Lorenz", "Petersen",
            "Seidel", "Wiegand",
        ],
        streets: &[
            "Lindenstraße",
            "Am Mühlbach",
            "Bergmannstraße",
            "Goethestraße",
            "Rosenweg",
            "Hafenallee",
        ],
        number_first: false,
        towns: &[
            ("Hamburg", "20095"),
            ("Köln", "50667"),
            ("Leipzig", "04109"),
            ("Stuttgart", "70173"),
            ("Bremen", "28195"),
            ("Dresden", "01067"),
            ("Freiburg im Breisgau", "79098"),
        ],
        phone: "+49 151 ########",
    },
    Land {
        code: "FR",
        vat: 20,
        names: &[
            "Camille", "Hugo", "Léa", "Louis", "Manon", "Nathan", "Chloé", "Jules", "Zoé", "Théo",
        ],
        surnames: &[
            "Aubert",
            "Blanchard",
            "Carpentier",
            "Dufour",
            "Fontaine",
            "Lemoine",
            "Marchand",
            "Roussel",
        ],
        streets: &[
            "rue des Tilleuls",
            "avenue Jean Jaurès",
            "rue du Moulin",
            "place de la République",
            "quai de la Fosse",
        ],
        number_first: true,
        towns: &[
            ("Lille", "59000"),
            ("Marseille", "13001"),
            ("Nantes", "44000"),
            ("Toulouse", "31000"),
            ("Strasbourg", "67000"),
            ("Bordeaux", "33000"),
        ],
        phone: "+33 6 ## ## ## ##",
    },
    Land {
        code: "AT",
        vat: 20,
        names: &["Lukas", "Lena", "Tobias", "Katharina", "Florian", "Theresa"],
        surnames: &["Ebner", "Gruber", "Hofer", "Lechner", "Moser", "Steiner"],
        streets: &["Hauptplatz", "Sporgasse", "Neubaugasse", "Schillerstraße"],
        number_first: false,
        towns: &[
            ("Graz", "8010"),
            ("Linz", "4020"),
            ("Salzburg", "5020"),
            ("Wien", "1070"),
        ],
        phone: "+43 664 #######",
    },
    Land {
        code: "NL",
        vat: 21,
        names: &[
            "Daan", "Sanne", "Bram", "Lotte", "Sem", "Fleur", "Thijs", "Noor",
        ],
        surnames: &[
            "de Groot",
            "van Dijk",
            "Bakker",
            "Hoekstra",
            "Mulder",
            "Vermeulen",
        ],
        streets: &["Kerkstraat", "Oudegracht", "Molenweg", "Prinsenlaan"],
        number_first: false,
        towns: &[
            ("Utrecht", "3511 AB"),
            ("Rotterdam", "3011 CA"),
            ("Groningen", "9711 JM"),
            ("Eindhoven", "5611 EM"),
        ],
        phone: "+31 6 ########",
    },
    Land {
        code: "PL",
        vat: 23,
        names: &["Zofia", "Jakub", "Hanna", "Szymon", "Maja", "Filip"],
        surnames: &[
            "Grabowska",
            "Kaczmarek",
            "Mazur",
            "Nowicki",
            "Wrona",
            "Zając",
        ],
        streets: &[
            "ul. Polna",
            "ul. Długa",
            "ul. Ogrodowa",
            "al. Niepodległości",
        ],
        number_first: false,
        towns: &[
            ("Gdańsk", "80-831"),
            ("Kraków", "31-042"),
            ("Wrocław", "50-069"),
            ("Łódź", "90-004"),
        ],
        phone: "+48 5## ### ###",
    },
    Land {
        code: "PT",
        vat: 23,
        names: &["Beatriz", "Tomás", "Inês", "Duarte", "Matilde"],
        surnames: &["Carvalho", "Figueiredo", "Moreira", "Pinto", "Teixeira"],
        streets: &[
            "Rua Direita",
            "Rua das Flores",
            "Avenida da Liberdade",
            "Travessa do Carmo",
        ],
        number_first: false,
        towns: &[
            ("Lisboa", "1100-048"),
            ("Coimbra", "3000-213"),
            ("Braga", "4700-327"),
        ],
        phone: "+351 91# ### ###",
    },
    Land {
        code: "ES",
        vat: 21,
        names: &["Lucía", "Mateo", "Carmen", "Diego", "Alba", "Iker"],
        surnames: &["Aguilar", "Cortés", "Herrero", "Molina", "Salazar", "Vidal"],
        streets: &[
            "Calle Mayor",
            "Calle de Alcalá",
            "Paseo de Gracia",
            "Gran Vía",
        ],
        number_first: false,
        towns: &[
            ("Madrid", "28013"),
            ("Barcelona", "08007"),
            ("Valencia", "46002"),
            ("Bilbao", "48001"),
        ],
        phone: "+34 6## ### ###",
    },
    Land {
        code: "IT",
        vat: 22,
        names: &["Chiara", "Lorenzo", "Giulia", "Matteo", "Elisa", "Davide"],
        surnames: &["Bellini", "Colombo", "Ferrari", "Galli", "Moretti", "Ricci"],
        streets: &["Via Roma", "Via Garibaldi", "Corso Italia", "Via dei Mille"],
        number_first: false,
        towns: &[
            ("Milano", "20121"),
            ("Torino", "10121"),
            ("Bologna", "40121"),
            ("Verona", "37121"),
        ],
        phone: "+39 34# #######",
    },
    Land {
        code: "DK",
        vat: 25,
        names: &["Frida", "Oscar", "Ida", "Magnus", "Liva", "Villads"],
        surnames: &["Bendtsen", "Kjær", "Lauridsen", "Mikkelsen", "Søgaard"],
        streets: &["Nørregade", "Søndergade", "Vestergade", "Strandvejen"],
        number_first: false,
        towns: &[
            ("Aarhus", "8000"),
            ("Odense", "5000"),
            ("Aalborg", "9000"),
            ("København", "1165"),
        ],
        phone: "+45 ## ## ## ##",
    },
];

const MAIL_HOSTS: [&str; 3] = ["example.com", "example.org", "example.net"];

const SHOPS: [&str; 8] = [
    "Alpenglück",
    "Sentier & Fils",
    "Buiten BV",
    "Rejs Sport",
    "Monte Verde",
    "Fjordhandel",
    "Wanderwerk",
    "Due Passi",
];

/// A buyer, and the country they live in.
pub fn buyer(dice: &mut Dice) -> (&'static Land, ContactInput) {
    let land = &LANDS[*dice.pick(&SHARES)];
    let (name, surname) = (dice.pick(land.names), dice.pick(land.surnames));
    let (city, postal_code) = dice.pick(land.towns);
    let (street, number) = (dice.pick(land.streets), dice.between(1, 148));
    let line1 = if land.number_first {
        format!("{number} {street}")
    } else {
        format!("{street} {number}")
    };
    let host = dice.pick(&MAIL_HOSTS);
    // With a number, as most addresses have one: people of the same name stay apart.
    let mail = format!(
        "{}.{}{}@{host}",
        plain(name),
        plain(surname),
        dice.between(10, 99_999)
    );
    let contact = ContactInput {
        name: Some(format!("{name} {surname}")),
        line1: Some(line1),
        city: Some((*city).to_owned()),
        postal_code: Some((*postal_code).to_owned()),
        country: Some(land.code.to_owned()),
        email: Some(mail),
        phone: Some(digits(land.phone, dice)),
        ..ContactInput::default()
    };
    (land, contact)
}

/// A shop that buys to sell again, and the country it is in.
pub fn shop(dice: &mut Dice) -> (&'static Land, ContactInput) {
    let (land, mut contact) = buyer(dice);
    let name = dice.pick(&SHOPS);
    let city = contact.city.clone().unwrap_or_default();
    contact.company = Some(format!("{name} {city}"));
    contact.email = Some(format!("{}.{}@example.com", plain(name), plain(&city)));
    (land, contact)
}

/// A tax number in the form of the country's: its code and nine digits.
pub fn tax_number(land: &Land, dice: &mut Dice) -> String {
    format!("{}{}", land.code, digits("#########", dice))
}

fn digits(pattern: &str, dice: &mut Dice) -> String {
    (pattern.chars())
        .map(|sign| match sign {
            '#' => char::from_digit(dice.below(10) as u32, 10).unwrap_or('0'),
            other => other,
        })
        .collect()
}

/// Letters as they stand in e-mail addresses.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for letter in text.to_lowercase().chars() {
        match letter {
            'a'..='z' | '0'..='9' => out.push(letter),
            'ä' | 'å' | 'á' | 'à' | 'ą' | 'â' => out.push('a'),
            'é' | 'è' | 'ê' | 'ë' | 'ę' => out.push('e'),
            'í' | 'î' | 'ï' => out.push('i'),
            'ö' | 'ó' | 'ø' | 'ô' => out.push('o'),
            'ü' | 'ú' => out.push('u'),
            'ç' | 'ć' => out.push('c'),
            'ñ' | 'ń' => out.push('n'),
            'ł' => out.push('l'),
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_complete_and_mail_addresses_plain() {
        for n in 0..2_000 {
            let (_, contact) = buyer(&mut Dice::of(&[n]));
            let mail = contact.email.unwrap();
            assert!(mail.is_ascii() && !mail.contains(' '), "{mail}");
            assert!(!mail.starts_with('.') && !mail.contains(".."), "{mail}");
            assert!(contact.phone.unwrap().starts_with('+'));
            assert!(contact.postal_code.is_some() && contact.line1.is_some());
        }
    }
}
