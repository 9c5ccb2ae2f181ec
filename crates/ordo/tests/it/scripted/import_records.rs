//! Goal: SKUs, locations, stock and customers come in once, change where a row says something else,
//! and can be carried to another store.
//! Method: small files are imported, exported, changed and imported again.

use super::import::{assert_green, end_of, file, import, ordo, plain};
use ordo_proof::served::{Place, program};

#[test]
fn exported_skus_locations_and_stock_import_elsewhere() {
    let Some(program) = program("exported_skus_locations_and_stock_import_elsewhere") else {
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let first = Place::folder();
    let skus = "code;name;length_mm;width_mm;height_mm;stock_policy\n\
                A;\"Tea; \"\"green\"\"\";10;20;30;backorder:5\nB;;;;;untracked\n";
    let locations = "code,kind,country,postal_code,latitude_e6,longitude_e6,time_zone\n\
                     BER,warehouse,de,10115,52520000,13405000,Europe/Berlin\nMUC,3pl,DE,,,,\n";
    let stock = "sku,location,quantity,safety\nA,BER,7,\nA,MUC,2,1\nA,BER,9,\n";
    for (what, text) in [("skus", skus), ("locations", locations), ("stock", stock)] {
        let path = file(&scratch, &format!("{what}.csv"), text);
        let (code, counts) = import(&program, &first, &[what, &path]);
        assert_eq!((code, counts[4]), (0, 0), "{what}");
    }
    let said = plain(&program, &first, "stock", "csv");
    assert!(
        said.contains("A,BER,9,0,0,0,0,9\nA,MUC,2,0,0,1,0,1\n"),
        "{said}"
    );
    // A level alone changes nothing else, and twice is once.
    let path = file(
        &scratch,
        "safety.csv",
        "sku,location,safety\nA,BER,3\nA,MUC,1\n",
    );
    for counts in [[2, 0, 1, 1, 0], [2, 0, 0, 2, 0]] {
        assert_eq!(import(&program, &first, &["stock", &path]), (0, counts));
    }
    let said = plain(&program, &first, "stock", "csv");
    assert!(said.contains("A,BER,9,0,0,3,0,6\n"), "{said}");
    for format in ["csv", "ndjson"] {
        let second = Place::folder();
        for what in ["skus", "locations", "stock"] {
            let place = first.arguments();
            let words = ["export", what, &place[0], &place[1], "--format", format];
            let said = String::from_utf8(ordo(&program, &words).stdout).unwrap();
            let path = file(&scratch, &format!("again.{format}"), &said);
            let (code, counts) = import(&program, &second, &[what, &path]);
            assert_eq!((code, counts[1]), (0, 2), "{what} {said}");
            let same = plain(&program, &first, what, format);
            assert!(same == plain(&program, &second, what, format), "{what}");
        }
    }
    // What a row says is changed, what it leaves out stays; kinds never change.
    let path = file(
        &scratch,
        "other.csv",
        "code,name,weight_g\nA,,10\nB,Other,5\nB,Other,5\n",
    );
    assert_eq!(
        import(&program, &first, &["skus", &path]),
        (0, [3, 0, 2, 1, 0])
    );
    assert_eq!(
        import(&program, &first, &["skus", &path]),
        (0, [3, 0, 0, 3, 0])
    );
    let said = plain(&program, &first, "skus", "csv");
    assert!(
        said.contains("A,\"Tea; \"\"green\"\"\",,10,10,20,30,1,backorder:5,none,,,false\n"),
        "{said}"
    );
    assert!(
        said.contains("B,Other,,5,,,,1,untracked,none,,,false\n"),
        "{said}"
    );
    let path = file(
        &scratch,
        "moved.csv",
        "code,kind,country,city,latitude_e6\nBER,warehouse,DE,Berlin,52000000\nMUC,store,DE,,\n",
    );
    let rejects = scratch.path().join("rejects.csv");
    let words = ["locations", &path, "--rejects", rejects.to_str().unwrap()];
    assert_eq!(import(&program, &first, &words), (3, [2, 0, 0, 0, 2]));
    let kept = std::fs::read_to_string(&rejects).unwrap();
    assert!(
        kept.contains("/longitude_e6,") && kept.contains("/kind,"),
        "{kept}"
    );
    let path = file(
        &scratch,
        "moved.csv",
        "code,kind,country,city,latitude_e6,longitude_e6\nBER,warehouse,DE,Berlin,52000000,13405000\n",
    );
    assert_eq!(
        import(&program, &first, &["locations", &path]),
        (0, [1, 0, 1, 0, 0])
    );
    assert!(plain(&program, &first, "locations", "csv").contains(",Berlin,52000000,13405000,"));
    assert_green(&program, &first);
}

#[test]
fn customers_are_known_once_and_erased_by_what_they_are_known_by() {
    let Some(program) = program("customers_are_known_once_and_erased_by_what_they_are_known_by")
    else {
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let text = "email,phone,name,country\nanna@example.com,+49 30 1234,Anna Unmistakable,de\n\
                ben@example.com,,Ben,FR\n";
    let path = file(&scratch, "customers.csv", text);
    let words = ["customers", path.as_str()];
    for place in [Place::folder(), Place::cluster()] {
        assert_eq!(import(&program, &place, &words), (0, [2, 2, 0, 0, 0]));
        assert_eq!(import(&program, &place, &words), (0, [2, 0, 0, 2, 0]));
        let at = place.arguments();
        let erase = [
            "erase",
            "--phone",
            "+49 (30) 1234",
            &at[0],
            &at[1],
            "--json",
        ];
        let (code, last) = end_of(&ordo(&program, &erase));
        assert!(code == 0 && last.contains("\"contacts\":1"), "{last}");
        if let Place::Folder(folder) = &place {
            for entry in std::fs::read_dir(folder.path()).unwrap() {
                let bytes = std::fs::read(entry.unwrap().path()).unwrap();
                let found = bytes.windows(12).any(|at| at == b"Unmistakable");
                assert!(!found, "a file still names the person");
            }
        }
        // An old file does not bring back who was erased.
        assert_eq!(import(&program, &place, &words), (0, [2, 0, 0, 2, 0]));
        let (code, last) = end_of(&ordo(&program, &erase));
        assert!(code == 0 && last.contains("\"contacts\":0"), "{last}");
        assert_green(&program, &place);
    }
}
