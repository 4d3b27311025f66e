//! Where in a JSON text a byte stands: within which lists and objects, and under which names.

/// Deeper than any answer of a search; what is deeper is no text of records.
const MOST_LEVELS: usize = 128;
const MOST_KEY_BYTES: usize = 256;

/// One step from a JSON text's outside to a value in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Each element of a list.
    Each,
    /// What stands under this name.
    Key(Vec<u8>),
}

/// What a byte did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Nothing,
    /// It opened an object, which is now the innermost.
    ObjectBegan,
    /// It closed an object, which is no longer the innermost.
    ObjectEnded,
    /// It ended a name in the innermost object.
    Key,
}

/// Brackets that close what they did not open, or too many of them.
#[derive(Debug)]
pub(crate) struct Mismatched;

/// A list or an object that is open.
struct Level {
    step: Step,
    /// In an object: a name comes next, not a value.
    expects_key: bool,
}

/// Reads JSON byte by byte, in memory that does not grow with it.
#[derive(Default)]
pub(crate) struct Nesting {
    levels: Vec<Level>,
    in_string: bool,
    is_escaped: bool,
}

impl Nesting {
    /// How many lists and objects are open.
    pub(crate) fn depth(&self) -> usize {
        self.levels.len()
    }

    /// Nothing is open.
    pub(crate) fn is_outside(&self) -> bool {
        self.levels.is_empty() && !self.in_string
    }

    /// A string is open.
    pub(crate) fn is_in_string(&self) -> bool {
        self.in_string
    }

    /// The name that was read last in the innermost object.
    pub(crate) fn key(&self) -> &[u8] {
        match self.levels.last() {
            Some(Level { step: Step::Key(key), .. }) => key,
            _ => &[],
        }
    }

    /// The steps to the innermost object.
    pub(crate) fn path(&self) -> Vec<Step> {
        let outer = self.levels.len().saturating_sub(1);
        self.levels[..outer].iter().map(|level| level.step.clone()).collect()
    }

    /// Whether these are the steps to the innermost object.
    pub(crate) fn is_at(&self, path: &[Step]) -> bool {
        self.levels.len() == path.len() + 1
            && self.levels.iter().zip(path).all(|(level, step)| level.step == *step)
    }

    /// Moves over a byte.
    pub(crate) fn read(&mut self, byte: u8) -> Result<Event, Mismatched> {
        if self.in_string {
            return Ok(self.read_in_string(byte));
        }
        match byte {
            b'"' => {
                self.in_string = true;
                if let Some(Level { step: Step::Key(key), expects_key: true }) = self.levels.last_mut() {
                    key.clear();
                }
            }
            b'{' => {
                self.open(Step::Key(Vec::new()))?;
                return Ok(Event::ObjectBegan);
            }
            b'[' => self.open(Step::Each)?,
            b'}' | b']' => {
                let closed = self.levels.pop().ok_or(Mismatched)?;
                let is_object = matches!(closed.step, Step::Key(_));
                if is_object != (byte == b'}') {
                    return Err(Mismatched);
                }
                if is_object {
                    return Ok(Event::ObjectEnded);
                }
            }
            b',' => {
                if let Some(level) = self.levels.last_mut() {
                    level.expects_key = matches!(level.step, Step::Key(_));
                }
            }
            _ => {}
        }
        Ok(Event::Nothing)
    }

    fn read_in_string(&mut self, byte: u8) -> Event {
        let ends = byte == b'"' && !self.is_escaped;
        self.is_escaped = byte == b'\\' && !self.is_escaped;
        self.in_string = !ends;
        let Some(Level { step: Step::Key(key), expects_key }) = self.levels.last_mut() else {
            return Event::Nothing;
        };
        if !*expects_key {
            return Event::Nothing;
        }
        if ends {
            *expects_key = false;
            return Event::Key;
        }
        if key.len() < MOST_KEY_BYTES {
            key.push(byte);
        }
        Event::Nothing
    }

    fn open(&mut self, step: Step) -> Result<(), Mismatched> {
        if self.levels.len() == MOST_LEVELS {
            return Err(Mismatched);
        }
        let expects_key = matches!(step, Step::Key(_));
        self.levels.push(Level { step, expects_key });
        Ok(())
    }
}

/// A path for people: `hits.hits[]`.
pub(crate) fn shown(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Each => text.push_str("[]"),
            Step::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.extend(String::from_utf8_lossy(key).escape_debug());
            }
        }
    }
    text
}
