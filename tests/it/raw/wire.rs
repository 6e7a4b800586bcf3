//! Octets of AMQP 0-9-1: strings, field tables and frames (spec 4.2).

/// The octet that ends a frame.
pub const FRAME_END: u8 = 0xCE;

/// Frame types (spec 4.2.3; heartbeat by errata 29).
pub const METHOD: u8 = 1;
pub const HEADER: u8 = 2;
pub const BODY: u8 = 3;
pub const HEARTBEAT: u8 = 8;

/// A value of a field table, named by its letter.
#[derive(Clone, Debug)]
pub enum Field {
    Bool(bool),
    Int(i32),
    Long(i64),
    Double(f64),
    Str(&'static str),
    Timestamp(u64),
    Table(Vec<u8>),
    Array(Vec<Self>),
    Void,
    /// A type letter and what follows it, lawful or not.
    Octets(u8, Vec<u8>),
}

impl Field {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Bool(value) => out.extend([b't', u8::from(*value)]),
            Self::Int(value) => tagged(out, b'I', &value.to_be_bytes()),
            Self::Long(value) => tagged(out, b'l', &value.to_be_bytes()),
            Self::Double(value) => tagged(out, b'd', &value.to_be_bytes()),
            Self::Str(value) => tagged(out, b'S', &long_str(value.as_bytes())),
            Self::Timestamp(value) => tagged(out, b'T', &value.to_be_bytes()),
            Self::Table(fields) => tagged(out, b'F', &long_str(fields)),
            Self::Array(items) => {
                let mut octets = Vec::new();
                for item in items {
                    item.write(&mut octets);
                }
                tagged(out, b'A', &long_str(&octets));
            }
            Self::Void => out.push(b'V'),
            Self::Octets(letter, octets) => tagged(out, *letter, octets),
        }
    }
}

fn tagged(out: &mut Vec<u8>, letter: u8, octets: &[u8]) {
    out.push(letter);
    out.extend(octets);
}

/// The fields of a table, without the length in front.
pub fn fields(fields: &[(&str, Field)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (key, value) in fields {
        out.extend(short_str(key.as_bytes()));
        value.write(&mut out);
    }
    out
}

/// `depth` tables or arrays within one another, as the fields of a table.
pub fn nested(letter: u8, depth: usize) -> Vec<u8> {
    let mut octets = Vec::new();
    for level in 0..depth {
        let keyed = letter == b'F' || level + 1 == depth;
        let mut outer = if keyed { vec![1, b'k'] } else { Vec::new() };
        tagged(&mut outer, letter, &long_str(&octets));
        octets = outer;
    }
    octets
}

/// A short string: one octet of length, then its octets.
pub fn short_str(octets: &[u8]) -> Vec<u8> {
    let length = u8::try_from(octets.len()).expect("a short string has at most 255 octets");
    [&[length], octets].concat()
}

/// A long string: four octets of length, then its octets. A table is written alike.
pub fn long_str(octets: &[u8]) -> Vec<u8> {
    let length = u32::try_from(octets.len()).expect("a long string fits 32 bits");
    [&length.to_be_bytes(), octets].concat()
}

/// A frame as it goes over the wire.
pub fn frame(kind: u8, channel: u16, payload: &[u8]) -> Vec<u8> {
    [&frame_start(kind, channel, payload.len())[..], payload, &[FRAME_END]].concat()
}

/// The seven octets that open a frame of that payload length.
pub fn frame_start(kind: u8, channel: u16, length: usize) -> Vec<u8> {
    let length = u32::try_from(length).expect("a payload length fits 32 bits");
    [&[kind][..], &channel.to_be_bytes(), &length.to_be_bytes()].concat()
}

/// A frame that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub kind: u8,
    pub channel: u16,
    pub payload: Vec<u8>,
}

impl Frame {
    /// Takes a whole frame off the front of `input`.
    #[track_caller]
    pub fn take(input: &mut Vec<u8>) -> Option<Self> {
        let start = input.get(..7)?;
        let length = u32::from_be_bytes([start[3], start[4], start[5], start[6]]) as usize;
        let (kind, channel) = (start[0], u16::from_be_bytes([start[1], start[2]]));
        let end = *input.get(7 + length)?;
        assert_eq!(end, FRAME_END, "the broker's frame ends wrongly");
        let payload = input[7..7 + length].to_vec();
        input.drain(..length + 8);
        Some(Self { kind, channel, payload })
    }

    /// Class and method, when it is a method frame.
    pub fn method_id(&self) -> Option<(u16, u16)> {
        let id = self.payload.get(..4).filter(|_| self.kind == METHOD)?;
        Some((u16::from_be_bytes([id[0], id[1]]), u16::from_be_bytes([id[2], id[3]])))
    }

    /// The method's arguments.
    pub fn arguments(&self) -> Reader<'_> {
        Reader(&self.payload[4..])
    }
}

/// Reads arguments one after the other. Panics where the broker wrote too little.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn octets(&mut self, length: usize) -> &'a [u8] {
        let (octets, rest) = self.0.split_at(length);
        self.0 = rest;
        octets
    }

    pub fn octet(&mut self) -> u8 {
        self.octets(1)[0]
    }

    pub fn short(&mut self) -> u16 {
        u16::from_be_bytes(self.octets(2).try_into().unwrap())
    }

    pub fn long(&mut self) -> u32 {
        u32::from_be_bytes(self.octets(4).try_into().unwrap())
    }

    pub fn short_str(&mut self) -> String {
        let length = self.octet().into();
        String::from_utf8_lossy(self.octets(length)).into_owned()
    }

    pub fn long_str(&mut self) -> &'a [u8] {
        let length = self.long() as usize;
        self.octets(length)
    }

    /// Reads a table, and gives its long strings.
    pub fn strings_of_table(&mut self) -> Vec<(String, String)> {
        let mut table = Reader(self.long_str());
        let mut strings = Vec::new();
        while !table.0.is_empty() {
            let key = table.short_str();
            match table.octet() {
                b'S' => {
                    strings.push((key, String::from_utf8_lossy(table.long_str()).into_owned()));
                }
                b'F' => drop(table.long_str()),
                b't' => drop(table.octet()),
                letter => panic!("server property {key} has type {}", char::from(letter)),
            }
        }
        strings
    }
}
