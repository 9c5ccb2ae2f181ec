//! The table of points: bytes that are searched where they lie.
//!
//! Layout, all numbers little endian: the magic word, the count of countries, one record of
//! `RECORD` bytes per country in order of its code, then what the records point to. Each country
//! has three indexes, of postal codes, cities and names of regions. An index is a row of offsets, of
//! its blocks and of the end; a block holds up to `BLOCK` entries in order of their keys, each
//! without the bytes that it shares with the one before.
//!
//! A byte that does not fit ends a search as if the entry were not there: a table from a store is
//! checked by [`Table::new`], and after that the worst that damage does is a wrong point.

use crate::Point;
use crate::fold::KEY_MAX;

/// How a table begins; the digit is the layout's version.
pub(crate) const MAGIC: &[u8; 8] = b"ordogeo1";
/// Bytes of a country's record: code, count of regions, a spare byte, its point, and offset and
/// count of blocks of each index, and the offset of the points of its regions.
pub(crate) const RECORD: usize = 36;
/// Entries of a block.
pub(crate) const BLOCK: usize = 16;
/// The latitude of a point that is not known.
pub(crate) const NOWHERE: u16 = 0x7fff;
/// Marks, in the latitude of a city, that it is what its name means when no region is given.
pub(crate) const FOREMOST: u16 = 0x8000;

/// Which index of a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// Postal codes and their points.
    Postal,
    /// Cities, the most populous of a name first.
    City,
    /// Names and codes of regions.
    Region,
}

/// A table.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    bytes: &'a [u8],
}

/// Bytes that are no table of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotATable;

impl std::fmt::Display for NotATable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "not a table of points that this version can read")
    }
}

impl std::error::Error for NotATable {}

impl<'a> Table<'a> {
    /// The table in `bytes`.
    ///
    /// # Errors
    /// They do not begin like one, or are too short for their countries.
    pub fn new(bytes: &'a [u8]) -> Result<Self, NotATable> {
        let table = Self { bytes };
        let fits = bytes.starts_with(MAGIC)
            && bytes.len() >= 12
            && bytes.len() >= 12 + table.count().saturating_mul(RECORD);
        if fits { Ok(table) } else { Err(NotATable) }
    }

    /// What it knows of a country.
    #[must_use]
    pub fn country(self, code: [u8; 2]) -> Option<CountryTable<'a>> {
        let (mut low, mut high) = (0, self.count());
        while low < high {
            let middle = low.midpoint(high);
            let at = 12 + middle * RECORD;
            let found = self.bytes.get(at..at + 2)?;
            match found.cmp(&code[..]) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => {
                    return Some(CountryTable {
                        bytes: self.bytes,
                        at,
                    });
                }
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Every country with its code.
    pub fn countries(self) -> impl Iterator<Item = ([u8; 2], CountryTable<'a>)> {
        (0..self.count()).filter_map(move |n| {
            let at = 12 + n * RECORD;
            let code = self.bytes.get(at..at + 2)?.try_into().ok()?;
            let bytes = self.bytes;
            Some((code, CountryTable { bytes, at }))
        })
    }

    fn count(self) -> usize {
        number(self.bytes, 8)
    }
}

/// What a table knows of one country.
#[derive(Debug, Clone, Copy)]
pub struct CountryTable<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> CountryTable<'a> {
    /// The middle of where its people live.
    #[must_use]
    pub fn point(self) -> Option<Point> {
        point_at(self.bytes, self.at + 4)
    }

    /// The same of one of its regions.
    #[must_use]
    pub fn region(self, region: u8) -> Option<Point> {
        let count = *self.bytes.get(self.at + 2)?;
        let at = number(self.bytes, self.at + 32) + 4 * usize::from(region);
        if region < count {
            point_at(self.bytes, at)
        } else {
            None
        }
    }

    /// The entries of an index from `key` on, and the one before them.
    #[must_use]
    pub fn from_key(self, index: Index, key: &[u8]) -> (Option<Entry>, Entries<'a>) {
        let (mut low, mut high) = (0, self.blocks(index));
        // Of the blocks that begin before the key, the last may hold it.
        while low < high {
            let middle = low.midpoint(high);
            let mut entries = self.block(index, middle);
            match entries.next() {
                Some(first) if first.key() < key => low = middle + 1,
                Some(_) | None => high = middle,
            }
        }
        let mut entries = self.block(index, low.saturating_sub(1));
        let before = entries.skip_below(key);
        (before, entries)
    }

    /// All entries of an index.
    #[must_use]
    pub fn all(self, index: Index) -> Entries<'a> {
        self.block(index, 0)
    }

    /// How many blocks an index has.
    #[must_use]
    pub fn blocks(self, index: Index) -> usize {
        number(self.bytes, self.place(index) + 4)
    }

    /// The entries of an index from the start of a block on.
    #[must_use]
    pub fn block(self, index: Index, block: usize) -> Entries<'a> {
        let blocks = self.blocks(index);
        Entries {
            bytes: self.bytes,
            index,
            offsets: number(self.bytes, self.place(index)),
            block: block.min(blocks),
            blocks,
            at: 0,
            end: 0,
            pending: None,
            key: [0; KEY_MAX],
            len: 0,
            point: (0, 0),
        }
    }

    fn place(self, index: Index) -> usize {
        let nth = match index {
            Index::Postal => 0,
            Index::City => 1,
            Index::Region => 2,
        };
        self.at + 8 + 8 * nth
    }
}

/// Goes over entries in order.
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    bytes: &'a [u8],
    index: Index,
    offsets: usize,
    block: usize,
    blocks: usize,
    at: usize,
    end: usize,
    /// An entry that was read to be looked at, and is still to be given out.
    pending: Option<Entry>,
    key: [u8; KEY_MAX],
    len: usize,
    /// Of the entry before in the block, in hundredths of a degree.
    point: (i32, i32),
}

/// One entry.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    key: [u8; KEY_MAX],
    len: usize,
    /// Where it is. Of a name of a region meaningless.
    pub point: Point,
    /// Of a city and of a region's name, which region of the country.
    pub region: u8,
    /// Of a city, whether it is what its name means when no region is given.
    pub foremost: bool,
}

impl Entry {
    /// Its key.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key[..self.len]
    }
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        self.pending.take().or_else(|| self.read())
    }
}

impl Entries<'_> {
    /// The next entry, which stays the next.
    pub fn peek(&mut self) -> Option<&Entry> {
        if self.pending.is_none() {
            self.pending = self.read();
        }
        self.pending.as_ref()
    }

    /// The block after the one that the last entry was read from.
    #[must_use]
    pub fn next_block(&self) -> usize {
        self.block
    }

    /// Skips what is below `key`, and answers the last of it.
    fn skip_below(&mut self, key: &[u8]) -> Option<Entry> {
        let mut before = None;
        while self.peek().is_some_and(|entry| entry.key() < key) {
            before = self.pending.take();
        }
        before
    }

    fn read(&mut self) -> Option<Entry> {
        if self.at >= self.end {
            if self.block >= self.blocks {
                return None;
            }
            self.at = number(self.bytes, self.offsets + 4 * self.block);
            self.end =
                number(self.bytes, self.offsets + 4 * (self.block + 1)).min(self.bytes.len());
            self.block += 1;
            (self.len, self.point) = (0, (0, 0));
            if self.at >= self.end {
                return None;
            }
        }
        let head = self.byte()?;
        let shared = self.length(head >> 4)?.min(self.len);
        let rest = self.length(head & 15)?;
        let suffix = self.bytes.get(self.at..self.at + rest)?;
        self.key
            .get_mut(shared..shared + rest)?
            .copy_from_slice(suffix);
        self.len = shared + rest;
        self.at += rest;
        let mut entry = Entry {
            key: self.key,
            len: self.len,
            point: (0, 0),
            region: 0,
            foremost: false,
        };
        match self.index {
            Index::Postal => {
                self.point.0 += self.signed()?;
                self.point.1 += self.signed()?;
                entry.point = micro(self.point);
            }
            Index::City => {
                entry.region = self.byte()?;
                entry.foremost = short(self.bytes, self.at) & FOREMOST != 0;
                entry.point = point_at(self.bytes, self.at)?;
                self.at += 4;
            }
            Index::Region => entry.region = self.byte()?,
        }
        Some(entry)
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    /// A length of four bits, or of the byte that follows where it does not fit.
    fn length(&mut self, nibble: u8) -> Option<usize> {
        let length = if nibble == 15 { self.byte()? } else { nibble };
        Some(usize::from(length))
    }

    /// A signed number in groups of seven bits, the lowest bit its sign.
    fn signed(&mut self) -> Option<i32> {
        let (mut value, mut shift) = (0_u32, 0);
        loop {
            let byte = self.byte()?;
            value |= u32::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
            if byte & 0x80 == 0 {
                let magnitude = (value >> 1) as i32;
                return Some(if value & 1 == 1 {
                    -magnitude
                } else {
                    magnitude
                });
            }
        }
    }
}

/// Hundredths of a degree as a point.
fn micro(hundredths: (i32, i32)) -> Point {
    let scale = |value: i32| value.saturating_mul(10_000);
    (scale(hundredths.0), scale(hundredths.1))
}

fn point_at(bytes: &[u8], at: usize) -> Option<Point> {
    let latitude = short(bytes, at) & !FOREMOST;
    (latitude != NOWHERE).then(|| {
        micro((
            i32::from(latitude) - 9_000,
            i32::from(short(bytes, at + 2)) - 18_000,
        ))
    })
}

/// Two bytes as a number, the unknown latitude where they are missing.
fn short(bytes: &[u8], at: usize) -> u16 {
    let pair = bytes.get(at..at + 2).and_then(|pair| pair.try_into().ok());
    pair.map_or(NOWHERE, u16::from_le_bytes)
}

/// Four bytes as a number, 0 where they are missing.
fn number(bytes: &[u8], at: usize) -> usize {
    let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
    four.map_or(0, |four| u32::from_le_bytes(four) as usize)
}
