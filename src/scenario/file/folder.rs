//! The folder of an API. Main function: [`folder_name`].

/// The API's name as the name of one plain folder: everything unusual is replaced. `pending` is taken by fixtures
/// that wait to be accepted.
pub(crate) fn folder_name(api: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let name: String = api.chars().map(plain).collect();
    match name.as_str() {
        "" | "pending" => format!("{name}_"),
        // Files that begin with a dot are hidden, also from the store.
        _ => name.strip_prefix('.').map_or_else(|| name.clone(), |rest| format!("_{rest}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(api: &str, expected: &str) {
        assert_eq!(folder_name(api), expected);
    }

    #[test]
    fn folders_stay_inside_and_in_sight() {
        check("demo", "demo");
        check("my shop/v2", "my_shop_v2");
        check("..", "_.");
        check("pending", "pending_");
        check("", "_");
        check("größe-1.0", "größe-1.0");
    }
}
