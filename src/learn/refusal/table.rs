//! The sentences of frameworks as data. Main types: [`Table`], [`Meaning`].
//!
//! Tables are ordered: the first line that matches counts, so what is narrow stands before what is wide.

use std::sync::LazyLock;

use regex::{Captures, Regex, RegexSet};

use crate::schema::Format;

/// What the rest of a line means.
#[derive(Clone, Copy)]
pub(super) enum Meaning {
    Required,
    Forbidden,
    NotBlank,
    OneOf,
    Between,
    Least,
    Most,
    MinLength,
    MaxLength,
    MinItems,
    MaxItems,
    Positive,
    NotNegative,
    Format(Format),
    Pattern,
    Type,
    /// It is no rule, whatever else it looks like.
    Nothing,
}

use Meaning as M;

const NUMBER: &str = r"(?P<n>-?\d{1,18}(?:\.\d{1,9})?)";
const CHARACTERS: &str = r"[ -]*(?:char|letter|symbol|digit|byte|in length|long)";
const ITEMS: &str = r"[ -]*(?:item|element|entr|value)";
const AT_LEAST: &str = r"(?:at least|no less than|(?:not|n't) (?:be |have |contain )?(?:less|fewer|shorter|smaller|lower) than|minimum(?: length| value| number| size)?(?: is| of|:)?|(?:longer|greater|more|larger) than or equal to|min(?:_length|imum)?[:=])";
const AT_MOST: &str = r"(?:at most|no more than|up to|not exceed|(?:not|n't) (?:be |have |contain )?(?:more|longer|greater|larger|higher) than|maximum(?: length| value| number| size)?(?: is| of|:)?|(?:shorter|less|fewer|smaller) than or equal to|max(?:_length|imum)?[:=])";

/// Sentences about one field; `{N}` and the like stand for the parts above.
const LINES: &[(&str, Meaning)] = &[
    (r"\b(?:is|was) not (?:a )?valid (?:json|utf)", M::Nothing),
    (r"(?:missing|no) (?:authorization|credentials|token)\b|unauthor", M::Nothing),
    (r"\ba valid (?P<t>string|integer|number|boolean|float|decimal|list|array) is required", M::Type),
    (
        r"(?:one of the (?:following|allowed)(?: values)?|one of|accepted for enum class|permitted(?: values)?(?: are)?|allowed (?:values|options)(?: are)?|valid (?:values|options|choices)(?: are| include)?|available choices(?: are)?|choose from|value in|not in)\b[^\w'\x22`\[]*(?P<v>[\w'\x22`\[].*)$",
        M::OneOf,
    ),
    (r"(?:input should be|expected(?: one of)?:?) (?P<v>['\x22`].*)$", M::OneOf),
    (r"between {N}(?:[^0-9-]{1,24})(?P<m>-?\d{1,18}(?:\.\d{1,9})?)", M::Between),
    (
        r"(?:in (?:the )?range|range:?) *(?:of )?[\[(]?{N}(?: ?(?:to|-|,|\.\.\.?) ?)(?P<m>-?\d{1,18}(?:\.\d{1,9})?)",
        M::Between,
    ),
    (
        r"(?:not|n't) (?:allowed to )?(?:be )?(?:an )?(?:empty|blank)|(?:is|was) (?:empty|blank)|^(?:notblank|notempty)\b|non-?empty|may not be empty|is too short$|non-?blank",
        M::NotBlank,
    ),
    (
        r"minimum length (?:is |of |: ?)?['\x22]?{N}|{>=} {N}{C}|(?:length|size) must be {>=} {N}|length must be (?:greater than or equal to|>=) {N}",
        M::MinLength,
    ),
    (
        r"maximum length (?:is |of |: ?)?['\x22]?{N}|{<=} {N}{C}|(?:length|size) must be {<=} {N}|length must be (?:less than or equal to|<=) {N}",
        M::MaxLength,
    ),
    (r"{>=} {N}{I}", M::MinItems),
    (r"{<=} {N}{I}", M::MaxItems),
    (r"(?:>=|{>=}) ?{N}|less than the minimum of {N2}", M::Least),
    (r"(?:<=|{<=}) ?{N}|greater than the maximum of {N2}", M::Most),
    (r"(?:greater than|larger than|more than|above|>) ?{N}", M::Least),
    (r"(?:less than|smaller than|lower than|below|<) ?{N}", M::Most),
    (r"non-?negative|not be negative|positive or zero", M::NotNegative),
    (r"\bpositive\b", M::Positive),
    (
        r"null value|not (?:be )?null|null or undefined|not nullable|none is not an allowed value|cannot be nil|^notnull\b|received null",
        M::Required,
    ),
    (
        r"\brequired\b|\bmissing\b|mandatory|not (?:present|provided|specified|found in request|supplied)|must be (?:present|provided|specified|set|given|supplied|defined)|must (?:exist|have a value)|was not (?:sent|given)|no value (?:given|provided)",
        M::Required,
    ),
    (
        r"(?:should|must) not (?:exist|be (?:present|set|specified|provided|sent|given))|\b(?:unknown|unexpected|unrecogni[sz]ed|undeclared|extra|additional) (?:field|property|properties|parameter|key|member|attribute|argument|inputs?)|extra fields|is not allowed$|(?:is|are) not permitted|(?:was|were) unexpected|must be (?:absent|omitted)|read-?only|not have additional|is not expected",
        M::Forbidden,
    ),
    (
        r"(?:match(?:es|ing)?|pattern|regexp?|regular expression)\b[^\^]{0,40}['\x22`/]?(?P<p>\^[^\s].*?)['\x22`/]?[.)]?$",
        M::Pattern,
    ),
    (r"\b(?:uuid|guid)s?\b", M::Format(Format::Uuid)),
    (
        r"(?:valid|well-?formed|format|must be|not|is) (?:an? )?['\x22]?e-?mail|e-?mail (?:address )?(?:is|format)",
        M::Format(Format::Email),
    ),
    (
        r"date-?time|rfc ?-?3339|iso[ -]?8601|timestamp (?:format|in)|offsetdatetime|localdatetime|parsing time",
        M::Format(Format::DateTime),
    ),
    (
        r"\b(?:valid|wrong|bad|a|format ['\x22]?)['\x22]? ?(?:full-)?date\b|localdate\b|\bdate has wrong format|yyyy-mm-dd",
        M::Format(Format::Date),
    ),
    (r"\b(?:ur[li])\b", M::Format(Format::Uri)),
    (r"\bipv6\b", M::Format(Format::Ipv6)),
    (r"\bipv4\b|\bip address\b", M::Format(Format::Ipv4)),
    (r"\bhost ?name\b", M::Format(Format::Hostname)),
    (
        r"invalid (?:type|value): .*expected (?:an? )?['\x22`]?(?P<t>string|integer|[iu](?:8|16|32|64)|usize|f32|f64|boolean|bool|sequence|map)\b",
        M::Type,
    ),
    (
        r"(?:not of type|must be(?: of type)?|should be|expected(?: type)?|be a valid|a valid|not a valid|not an?|to be an?|of type|into type|convert(?:ed)? to|type:) ?(?:an? |the )?(?:valid )?['\x22`]?(?:json |java\.(?:lang|util)\.|system\.)?(?P<t>string|str|text|integer|int\d*|uint\d*|long|[iu](?:8|16|32|64)|usize|number|numeric|float\d*|f32|f64|double|decimal|boolean|bool|array|list|sequence|slice|dictionary|dict|object|mapping|map)\b",
        M::Type,
    ),
];

/// Sentences that name a member of what they are about.
const CHILDREN: &[(&str, Meaning)] = &[
    (r"(?:have|has) (?:the )?required propert(?:y|ies) ['\x22`]?(?P<f>[\w$.-]{1,80})", M::Required),
    (r"['\x22](?P<f>[^'\x22]{1,80})['\x22] is a required property", M::Required),
    (
        r"missing (?:required )?(?:creator )?(?:field|property|properties|key)s?:? [\[(]*['\x22`](?P<f>[^'\x22`]{1,80})['\x22`]",
        M::Required,
    ),
    (
        r"required (?:key|field|property) [\[(]?['\x22`]?(?P<f>[\w$.-]{1,80})['\x22`]?[\])]? (?:is )?(?:not found|missing)",
        M::Required,
    ),
    (r"missing required properties \(\[['\x22](?P<f>[^'\x22]{1,80})", M::Required),
    (r"additional propert(?:y|ies) (?:are |is )?not allowed:? ?\(?['\x22](?P<f>[^'\x22]{1,80})['\x22]", M::Forbidden),
    (
        r"(?:unknown|unrecognized|unexpected) (?:field|key|property|key\(s\) in object|member)s?:? ?['\x22`](?P<f>[^'\x22`]{1,80})['\x22`]",
        M::Forbidden,
    ),
    (
        r"property ['\x22`]?(?P<f>[\w$.-]{1,80})['\x22`]? (?:should not exist|is not allowed|is not expected)",
        M::Forbidden,
    ),
];

/// How sentences name their field; `p` is the part of the request.
const SUBJECTS: &[&str] = &[
    r"Key: '(?P<f>[\w.\[\]]{1,120})' Error:",
    r"Go struct field (?P<f>[\w.]{1,120}) of type",
    r"required request (?P<p>parameter|header|cookie|part)s? '(?P<f>[^']{1,80})'",
    r"reference chain: .*\[\x22(?P<f>[^\x22]{1,80})\x22\]\)?$",
    r"Path: \$?\.?(?P<f>[\w.\[\]]{1,120}) \|",
    r" - ['\x22](?P<f>[\w.$\[\]-]{1,80})['\x22]$",
    r"^(?P<f>[\w.\[\]-]{1,120}) in (?P<p>body|query|path|header|formData)\b",
    r"^(?:request/)?(?P<p>body|querystring|query|params|path|headers?|cookies?)[/.](?P<f>[\w./\[\]-]{1,120}) (?:must|should|is|has)\b",
    r"(?P<p>query|path|header|cookie|body|url|form)?[ -]?\b(?:field|property|param|parameter|member|attribute|header|argument|key)s?\)? ?(?:named |name |is |are |of |in |from )?[:=(]? ?[\x22'`“](?P<f>[^\x22'`”]{1,80})[\x22'`”]",
    r"(?:missing|unknown|unexpected|unrecognized|invalid|absent|undeclared|bad)(?: required| value for)? (?P<p>query|path|header|cookie|body|url)? ?(?:string )?(?:field|property|param|parameter|member|attribute|header|argument|key)s?:? (?P<f>[\w.\[\]$-]{1,80})",
    r"^the (?:field|parameter|property|value of) (?P<f>[\w.$\[\]-]{1,80}) (?:must|is|should|has|can)",
    r"\b(?:the )?(?P<f>[\w.$\[\]-]{1,80}) (?P<p>query|path|header|cookie)? ?(?:field|property|param|parameter|header|argument|attribute) (?:is|must|should|can|may|cannot|does|has|was|not)\b",
    r"^(?:param is missing or the value is empty(?: or invalid)?): (?P<f>[\w.\[\]-]{1,80})",
    r"^[\x22'`](?P<f>[\w.$\[\] /-]{1,80})[\x22'`] (?:is|are|must|should|can|may|cannot|does|has|was|not|length|with)\b",
    r"^(?P<f>[A-Za-z_$][\w.$\[\]/-]{0,80}): the (?:length|value|size)\b",
    r"^(?:[\w ]{0,40}: )?(?P<f>[A-Za-z_$][\w.$\[\]/-]{0,80})(?::? (?:is|are|must|should|can't|can|may|cannot|does|has|was|shall|needs|required|missing|not|length|size)\b|: (?:missing|unknown|invalid|expected|none|value|input|field|this|required|must|should|['\x22`]))",
    r"(?:type|into): (?P<f>[\w.$\[\]]{1,80}): ",
];

/// What a sentence may begin with without naming a field.
pub(super) const NO_FIELDS: [&str; 38] = [
    "this",
    "value",
    "field",
    "input",
    "it",
    "body",
    "request",
    "the",
    "a",
    "an",
    "payload",
    "json",
    "parameter",
    "header",
    "error",
    "authentication",
    "authorization",
    "token",
    "login",
    "access",
    "permission",
    "you",
    "there",
    "at",
    "data",
    "query",
    "string",
    "validation",
    "path",
    "message",
    "what",
    "that",
    "property",
    "object",
    "none",
    "null",
    "true",
    "false",
];

pub(super) static TABLE: LazyLock<Table> = LazyLock::new(|| Table::new(LINES));
pub(super) static CHILD_TABLE: LazyLock<Table> = LazyLock::new(|| Table::new(CHILDREN));
pub(super) static SUBJECT_TABLE: LazyLock<Vec<Regex>> =
    LazyLock::new(|| SUBJECTS.iter().map(|line| compiled(line)).collect());

/// All lines at once, then each.
pub(super) struct Table {
    set: RegexSet,
    lines: Vec<(Regex, Meaning)>,
}

fn expanded(line: &str) -> String {
    let second = NUMBER.replace("<n>", "<n2>");
    let mut text = line.replace("{>=}", AT_LEAST).replace("{<=}", AT_MOST);
    text = text.replace("{C}", CHARACTERS).replace("{I}", ITEMS).replace("{N2}", &second);
    // A name may stand once in an expression: in its other branches it gets numbers.
    let mut count = 2;
    if let Some((head, rest)) = text.clone().split_once("{N}") {
        text = format!("{head}{NUMBER}{rest}");
        while text.contains("{N}") {
            count += 1;
            text = text.replacen("{N}", &NUMBER.replace("<n>", &format!("<n{count}>")), 1);
        }
    }
    // Names and numbers are ASCII in sentences of this kind; tables of all scripts would make the sets large.
    let text = text.replace(r"\w", "a-zA-Z0-9_").replace(r"\d", "[0-9]").replace(r"\b", r"(?-u:\b)");
    format!("(?i){text}")
}

fn compiled(line: &str) -> Regex {
    Regex::new(&expanded(line)).expect("the table's expressions are tested")
}

impl Table {
    fn new(lines: &[(&str, Meaning)]) -> Self {
        let set = RegexSet::new(lines.iter().map(|(line, _)| expanded(line)));
        Self {
            set: set.expect("the table's expressions are tested"),
            lines: lines.iter().map(|(line, meaning)| (compiled(line), *meaning)).collect(),
        }
    }

    /// The first line that matches and means something.
    pub(super) fn first<T>(&self, text: &str, mut of: impl FnMut(Meaning, &Captures<'_>) -> Option<T>) -> Option<T> {
        self.set.matches(text).into_iter().find_map(|index| {
            let (regex, meaning) = self.lines.get(index)?;
            of(*meaning, &regex.captures(text)?)
        })
    }
}
