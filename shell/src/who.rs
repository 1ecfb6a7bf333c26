//! Who sits here: the name that is written into the audit log. Proves nothing; whoever may open the socket may say any.

/// The name the environment has for the user, else the one of the account this runs under.
pub(crate) fn user() -> String {
    ["USER", "LOGNAME"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|user| !user.is_empty())
        .unwrap_or_else(account)
}

/// The account's name, or its number where it has none, as in many containers.
fn account() -> String {
    let uid = nix::unistd::Uid::effective();
    let found = nix::unistd::User::from_uid(uid).ok().flatten();
    found.map_or_else(|| format!("uid {uid}"), |user| user.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_is_the_one_that_id_tells() {
        let id = |option: &str| {
            let told = std::process::Command::new("id").arg(option).output();
            let told = told.unwrap();
            let text = String::from_utf8(told.stdout).unwrap().trim().to_owned();
            (told.status.success(), text)
        };
        let expected = match id("-un") {
            (true, name) => name,
            (false, _) => format!("uid {}", id("-u").1),
        };
        assert_eq!(account(), expected);
    }
}
