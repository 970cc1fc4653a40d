//! What is wrong with the demo: the table of planted bugs, and the names under which handlers ask for them.
//!
//! Main types: [`PlantedBug`], a row of [`PLANTED_BUGS`], for reports and tests; `Bug`, for handlers. It is data: a bug
//! itself stands in its handler, beside its fix.
//!
//! Every bug shows on a fresh server, again and again, with one request or with the few that make, change and read one
//! thing, and with input that any thorough fuzzer sends: no magic values. Those that take two requests at once show each time
//! that these come within a moment of one another (`meeting`).

/// One planted bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlantedBug {
    /// Stable, for example `D01`.
    pub id: &'static str,
    /// What is wrong, in a sentence.
    pub sentence: &'static str,
    /// OWASP API Security Top 10 class, for example `API3:2023`, or `-` for plain correctness.
    pub owasp: &'static str,
    /// The oracle that must fire.
    pub oracle: &'static str,
    /// Method and path template as in the document, without the base path.
    pub operation: &'static str,
    /// A word of the faulty answer, or the name of the member or parameter at fault: it tells this bug from others of
    /// the same operation and oracle.
    pub evidence: Option<&'static str>,
    pub(crate) bug: Bug,
}

macro_rules! planted {
    ($($id:ident $bug:ident $oracle:literal $owasp:literal $operation:literal $evidence:expr, $sentence:literal;)*) => {
        /// The name under which a handler asks whether a bug is planted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Bug {
            $(#[doc = $sentence] $bug,)*
        }

        /// All planted bugs, in the order of their ids.
        pub const PLANTED_BUGS: &[PlantedBug] = &[
            $(PlantedBug {
                id: stringify!($id),
                sentence: $sentence,
                owasp: $owasp,
                oracle: $oracle,
                operation: $operation,
                evidence: $evidence,
                bug: Bug::$bug,
            },)*
        ];
    };
}

planted! {
    D01 NullItem "server_error" "API8:2023" "POST /orders" Some("reading 'sku'"),
        "A null among the items of an order is read as if it were an item.";
    D02 NullName "server_error" "API8:2023" "PATCH /me" Some("on a `None` value"),
        "A null name, which the document does not allow, is unwrapped.";
    D03 HugeAmount "server_error" "API8:2023" "POST /orders/{orderId}/payments" Some("out of range integral type"),
        "An amount beyond 64 bits overflows the conversion.";
    D04 HugeOrderId "server_error" "API8:2023" "GET /orders/{orderId}" Some("too large to fit in target type"),
        "An order number beyond 64 bits is parsed without a check.";
    D05 ZeroPageSize "server_error" "API4:2023" "GET /products" Some("divide by zero"),
        "The number of pages is computed by dividing by a page size of zero.";
    D06 ListForFilters "server_error" "API8:2023" "POST /search/advanced" Some("invalid type: sequence"),
        "A list is sent where the filters object is expected.";
    D07 QuoteInSearch "server_error" "API8:2023" "GET /search" Some("unbalanced quote"),
        "A single quote in the search text ends the string of a query that is put together from text.";
    D08 ImpossibleDate "server_error" "API8:2023" "GET /orders" Some("day is out of range"),
        "A date that looks right but is in no calendar, such as 2024-02-30, is converted without a check.";
    D09 BadCursor "server_error" "API8:2023" "GET /files" Some("incorrect padding"),
        "A page cursor that is not base64url is decoded without a check.";
    D10 UnknownMediaType "server_error" "API8:2023" "PUT /me/preferences" Some("no decoder"),
        "A body of an undeclared content type reaches a decoder that does not exist.";
    D11 NonAsciiName "server_error" "API8:2023" "POST /accounts" Some("char boundary"),
        "The initial of a name is cut out by bytes, which fails for a first letter beyond ASCII.";
    D12 OddIfMatch "server_error" "API8:2023" "PATCH /orders/{orderId}" Some("no opening quote"),
        "An If-Match value without quotes is unwrapped as if it had them.";
    D13 EmptyFilename "server_error" "API8:2023" "POST /files" Some("index out of bounds"),
        "An uploaded file with an empty name has no first character.";
    D14 NoteNotUtf8 "server_error" "API8:2023" "POST /orders/{orderId}/note" Some("invalid utf-8 sequence"),
        "A text body that is not UTF-8 is decoded without a check.";
    D15 RatingBelowOne "connection_dropped" "API8:2023" "POST /products/{sku}/reviews" None,
        "A rating of zero or less indexes before the first counter and the handler panics.";
    D16 NulInFileId "connection_dropped" "API8:2023" "GET /files/{fileId}/content" None,
        "A file id with a NUL byte panics where a C string is made of it.";
    D17 ReversedRange "hang" "API4:2023" "GET /reports/orders" None,
        "A report whose first day is after its last one counts up to a day that never comes.";
    D18 PasswordReturned "leaked_field" "API3:2023" "POST /accounts" Some("password"),
        "Registration answers with the write-only password.";
    D19 PasswordHashInProfile "leaked_field" "API3:2023" "GET /accounts/{accountId}" Some("passwordHash"),
        "The public profile carries the undeclared password hash.";
    D20 CardInOrder "leaked_field" "API3:2023" "GET /orders/{orderId}" Some("cardNumber"),
        "An order carries the undeclared number of the card that paid it.";
    D21 StackTrace "leaked_field" "API8:2023" "GET /products/{sku}" Some("at ProductStore.find"),
        "The answer for an unknown product contains a stack trace.";
    D22 SqlText "leaked_field" "API8:2023" "DELETE /files/{fileId}" Some("SQLSTATE"),
        "The answer for a malformed file id contains the database's error and statement.";
    D23 ConnectionString "leaked_field" "API8:2023" "GET /health" Some("postgres://"),
        "The health check shows the connection string of the database, password included.";
    D24 UndeclaredStatus "response_schema" "-" "GET /orders" Some("on_hold"),
        "The list shows an order state that the document does not know.";
    D25 MissingUpdatedAt "response_schema" "-" "PUT /me/preferences" Some("updatedAt"),
        "The answer lacks a required member.";
    D26 VoucherPayment "undocumented_status" "-" "POST /orders/{orderId}/payments" Some("402"),
        "Paying with a voucher, a documented method, answers an undocumented 402.";
    D27 HtmlError "undocumented_content_type" "-" "POST /search/advanced" Some("text/html"),
        "Malformed JSON is answered with an HTML page.";
    D28 LimitOffByOne "invalid_input_accepted" "API8:2023" "GET /orders" Some("limit"),
        "A limit of one more than the documented maximum is accepted.";
    D29 NegativeQuantity "invalid_input_accepted" "API8:2023" "POST /orders" Some("quantity"),
        "A quantity of zero or less is accepted.";
    D30 ExtraProfileField "invalid_input_accepted" "API3:2023" "PATCH /me" None,
        "Properties beyond those of the closed schema are accepted.";
    D31 UncheckedSort "invalid_input_accepted" "API8:2023" "GET /products" Some("sort"),
        "Any text is accepted as sort order.";
    D32 ShortTitle "invalid_input_accepted" "API8:2023" "POST /products/{sku}/reviews" Some("title"),
        "A review's title may be shorter than documented.";
    D33 DeletionForgotten "delete_without_effect" "-" "DELETE /addresses/{addressId}" None,
        "Deleting an address is confirmed and not carried out.";
    D34 DeletedContent "use_after_delete" "API1:2023" "GET /files/{fileId}/content" None,
        "The content of a deleted file stays where it was and is still served.";
    D35 AccountWithoutPhone "created_object_missing" "-" "POST /accounts" None,
        "A registered account is filed by its phone number: one without a number is confirmed and not kept.";
    D36 LocationTypo "wrong_location" "-" "POST /addresses" Some("/address/"),
        "The Location of a new address has a path that does not exist.";
    D37 EarlyAssignment "refused_update_stored" "API8:2023" "PATCH /addresses/{addressId}" None,
        "The members of a change are stored one by one before the last of them is checked.";
    D38 CityForgotten "partial_put" "-" "PUT /addresses/{addressId}" Some("city"),
        "Replacing an address keeps its old city.";
    D39 HintsAppended "put_not_idempotent" "-" "PUT /addresses/{addressId}" Some("hints"),
        "Replacing an address adds its delivery hints to the old ones.";
    D40 PhoneDropped "patch_not_merging" "-" "PATCH /addresses/{addressId}" Some("phone"),
        "A change that does not name the phone number removes it.";
    D41 EarlyInsertion "refused_create_stored" "API8:2023" "POST /addresses" None,
        "An address is kept before it is checked, and stays when it is refused.";
    D42 KeyBetweenLooks "double_create" "-" "POST /orders" None,
        "An idempotency key is looked for before the order is placed: two requests at once with one key make two orders.";
    D43 StaleCopy "lost_update" "-" "PATCH /addresses/{addressId}" None,
        "A change of one member writes back a copy of the address that was made before: what another one changed is lost.";
    D44 EarlyCondition "lost_update" "-" "PATCH /orders/{orderId}" None,
        "If-Match is checked before the change and not with it: two changes at once of one version are both made.";
    D45 RatingAssumed "invalid_input_accepted" "API8:2023" "POST /products/{sku}/reviews" Some("rating"),
        "A review without its rating, which is required, is accepted with the best one.";
}
