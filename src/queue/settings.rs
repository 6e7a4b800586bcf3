//! How a queue works, as its definition says.

/// What can be chosen for a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Which of its consumers it serves.
    pub serving: Serving,
}

/// Which of its consumers a queue serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Serving {
    /// All of them.
    #[default]
    All,
    /// One until it goes, while the others wait (`x-single-active-consumer`).
    SingleActive,
}
