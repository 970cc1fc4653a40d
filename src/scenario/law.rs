//! What must hold between the requests of a scenario, over the life of one thing. Main type: [`Law`].
//!
//! The steps that a law compares are the last ones of its scenario, in a fixed order; what comes before them makes what
//! they need. The laws themselves are judged by `oracle`.

/// A rule about the life of a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    /// What was deleted is gone. Create, read, read, delete, read.
    DeleteWithoutEffect,
    /// What was deleted can't be used. Create, use, use of what does not exist, delete, read if there is a way to, use.
    UseAfterDelete,
    /// What was created is there. Create, read.
    CreatedObjectMissing,
    /// `Location` leads to what was created. Create, read, read at the `Location`.
    WrongLocation,
    /// A refused change changes nothing. Create, read, refused change, read.
    RefusedUpdateStored,
    /// A PUT stores all that it was sent. Create, read, PUT, read.
    PartialPut,
    /// The same PUT twice does what one does. Create, PUT, read, read, the same PUT, read.
    PutNotIdempotent,
    /// A PATCH leaves alone what it does not name. Create, read, PATCH, read.
    PatchNotMerging,
    /// A refused creation makes nothing. Refused create, list.
    RefusedCreateStored,
    /// What can be made once is made once. Create, the same again; create anew and the same at once, a read of each.
    DoubleCreate,
    /// Of two changes at once none is lost. Create; two changes, read; the two in the other order, read; the two at once,
    /// read. Or the same under conditions: create, read; change, stale change, read; change, read; two changes at once, read.
    LostUpdate,
}

impl Law {
    /// All of them, the gravest first, and those that are tried only if that is asked for last.
    pub const ALL: [Self; 11] = [
        Self::DeleteWithoutEffect,
        Self::UseAfterDelete,
        Self::CreatedObjectMissing,
        Self::RefusedUpdateStored,
        Self::RefusedCreateStored,
        Self::WrongLocation,
        Self::PartialPut,
        Self::PutNotIdempotent,
        Self::PatchNotMerging,
        Self::DoubleCreate,
        Self::LostUpdate,
    ];

    /// Whether it is about requests that go out at once: it shows now and then, and is tried only if that is asked for.
    pub fn is_race(self) -> bool {
        matches!(self, Self::DoubleCreate | Self::LostUpdate)
    }

    /// Its stable name, which is that of its oracle.
    pub fn word(self) -> &'static str {
        match self {
            Self::DeleteWithoutEffect => "delete_without_effect",
            Self::UseAfterDelete => "use_after_delete",
            Self::CreatedObjectMissing => "created_object_missing",
            Self::WrongLocation => "wrong_location",
            Self::RefusedUpdateStored => "refused_update_stored",
            Self::PartialPut => "partial_put",
            Self::PutNotIdempotent => "put_not_idempotent",
            Self::PatchNotMerging => "patch_not_merging",
            Self::RefusedCreateStored => "refused_create_stored",
            Self::DoubleCreate => "double_create",
            Self::LostUpdate => "lost_update",
        }
    }

    /// The law of this name.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|law| law.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_lead_back() {
        for law in Law::ALL {
            assert_eq!(Law::named(law.word()), Some(law));
        }
        assert_eq!(Law::named("server_error"), None);
    }
}
