//! The smallest requests that show each planted bug, worked out by hand from the handlers. Main types: [`Least`], a row of
//! [`LEAST`]. Fixtures are measured against it.
//!
//! Parameters are those of query, header and cookie: a path has its own in any case, and `Accept`, `Content-Type` and
//! `Authorization` are none (OpenAPI 3.1 section 4.8.12.1). Members are the members and items of a body at any depth, the
//! fields of a form, and the parts of a multipart body; those of all steps are added up. A law needs the steps that it
//! compares, its controls among them, so these are what counts as least there; an address cannot be created with fewer than
//! five members (name, recipient, street, city, country), an account not with fewer than three, an order not with fewer
//! than ten (one item of two members, and where to ship it, which has five).

/// What the smallest sequence that shows a bug is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Least {
    /// The id of the planted bug.
    pub id: &'static str,
    /// Requests.
    pub steps: usize,
    /// Parameters of all steps.
    pub parameters: usize,
    /// Members of the bodies of all steps.
    pub members: usize,
}

const fn least(id: &'static str, steps: usize, parameters: usize, members: usize) -> Least {
    Least { id, steps, parameters, members }
}

/// One row for each planted bug, in the order of their ids.
pub const LEAST: &[Least] = &[
    // {"items": [null]}: read before anything else is looked at.
    least("D01", 1, 0, 2),
    // {"name": null}
    least("D02", 1, 0, 1),
    // {"amountCents": 1e20}: converted before the method is looked for.
    least("D03", 1, 0, 1),
    least("D04", 1, 0, 0),
    least("D05", 1, 1, 0),
    // {"filters": []}: read before the terms.
    least("D06", 1, 0, 1),
    least("D07", 1, 1, 0),
    least("D08", 1, 1, 0),
    least("D09", 1, 1, 0),
    // The body is not read at all.
    least("D10", 1, 0, 0),
    least("D11", 1, 0, 3),
    // If-Match; it is read before the body.
    least("D12", 1, 1, 0),
    // One part with an empty file name.
    least("D13", 1, 0, 1),
    // Text has no members.
    least("D14", 1, 0, 0),
    // {"rating": 0}: counted before the title is looked for.
    least("D15", 1, 0, 1),
    least("D16", 1, 0, 0),
    // Both days are required.
    least("D17", 1, 2, 0),
    least("D18", 1, 0, 3),
    least("D19", 1, 0, 0),
    least("D20", 1, 0, 0),
    least("D21", 1, 0, 0),
    least("D22", 1, 0, 0),
    least("D23", 1, 0, 0),
    least("D24", 1, 0, 0),
    // Language, page size and newsletter are required.
    least("D25", 1, 0, 3),
    // Method and amount are required.
    least("D26", 1, 0, 2),
    // What is no JSON has no members.
    least("D27", 1, 0, 0),
    least("D28", 1, 1, 0),
    least("D29", 1, 0, 10),
    // The undeclared member alone.
    least("D30", 1, 0, 1),
    least("D31", 1, 1, 0),
    // Rating and title are required.
    least("D32", 1, 0, 2),
    least("D33", 6, 0, 5),
    // One part: the file.
    least("D34", 5, 0, 1),
    least("D35", 2, 0, 3),
    least("D36", 3, 0, 5),
    // The change has one good member and one that is refused.
    least("D37", 4, 0, 7),
    least("D38", 4, 0, 10),
    // Each PUT has one hint besides the five.
    least("D39", 6, 0, 19),
    // A phone number to lose, and one member that the change names.
    least("D40", 4, 0, 7),
    // The new name alone: whatever else is missing is what it is refused for.
    least("D41", 2, 0, 1),
    // Four times the same order, each with its key, and two reads.
    least("D42", 6, 4, 40),
    // Three pairs of changes, each of one member.
    least("D43", 10, 0, 11),
    // Five changes, each of one member; one that is stale and the two at once are under a condition.
    least("D44", 10, 3, 15),
    // The title alone.
    least("D45", 1, 0, 1),
];
