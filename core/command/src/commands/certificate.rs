//! `certificate`: a key and a certificate that signs itself, as two files for the client.
//!
//! For servers people run themselves; stocktake keeps neither.
use async_trait::async_trait;

use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CertificateRequest, CommandError, FileMode, Flow, Output, Scene};

/// Days a certificate is valid if nobody says otherwise.
const DAYS: u32 = 365;
/// Days it may be valid at most.
const MOST_DAYS: u32 = 3650;

static SPEC: Spec = Spec {
    name: "certificate",
    aliases: &["certificates"],
    about: "make a key and a self-signed certificate",
    usage: "create --common-name NAME [--dns-names NAME …] [--ip-addresses IP …] [--days-valid N]",
    arguments: &[
        ("create", "writes NAME.key and NAME.crt"),
        (
            "--common-name NAME",
            "whom it is for; also one of its DNS names",
        ),
        ("--dns-names NAME …", "more names it is good for"),
        ("--ip-addresses IP …", "addresses it is good for"),
        ("--days-valid N", "how long; 365 if left out, at most 3650"),
    ],
    category: Category::Setup,
    input: Shape::Nothing,
    output: Shape::Lines,
    examples: &[
        Example {
            about: "For a server of your own",
            line: "certificate create --common-name inventory.example.org",
            prints: "Key written to inventory.example.org.key, certificate to inventory.example.org.crt.\n",
        },
        Example {
            about: "For several names and addresses",
            line: "certificate create --common-name web --dns-names web.local web.lan --ip-addresses 10.0.0.7 ::1",
            prints: "",
        },
        Example {
            about: "For a month",
            line: "certificate create --common-name web --days-valid 30",
            prints: "",
        },
    ],
};

pub(super) struct Certificate;

impl Command for Certificate {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, _: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let (verb, rest) = argument.head();
        if verb.text() != "create" {
            return Err(super::unknown_verb("certificate", &["create"], argument));
        }
        Ok(Box::new(Create(read(&rest)?)))
    }
}

fn read(argument: &Argument) -> Result<CertificateRequest, CommandError> {
    let mut request = CertificateRequest {
        days_valid: DAYS,
        ..CertificateRequest::default()
    };
    let mut option = String::new();
    for word in argument.words() {
        if word.text.starts_with("--") {
            option.clone_from(&word.text);
            continue;
        }
        match option.as_str() {
            "--common-name" => request.common_name.clone_from(&word.text),
            "--dns-names" => request.dns_names.push(word.text),
            "--ip-addresses" => {
                let address = word.text.parse().map_err(|_| {
                    CommandError::usage(format!("`{}` is not an address", word.text)).at(word.span)
                })?;
                request.ip_addresses.push(address);
            }
            "--days-valid" => {
                let days = word.text.parse().ok();
                let days = days.filter(|days| (1..=MOST_DAYS).contains(days));
                request.days_valid = days.ok_or_else(|| {
                    let text = format!("`{}` is not a number of days up to {MOST_DAYS}", word.text);
                    CommandError::usage(text).at(word.span)
                })?;
            }
            _ => {
                let text = format!("`{}` belongs to no option that is known", word.text);
                return Err(CommandError::usage(text)
                    .hint("`help certificate` lists the options")
                    .at(word.span));
            }
        }
    }
    let name = &request.common_name;
    if name.is_empty() || name.contains(['/', '\\']) || name.starts_with('.') {
        return Err(
            CommandError::usage("it needs a `--common-name` that can name a file")
                .hint("write e.g. `--common-name inventory.example.org`"),
        );
    }
    Ok(request)
}

struct Create(CertificateRequest);

#[async_trait]
impl Stage for Create {
    async fn run(self: Box<Self>, _: Flow, call: &Call) -> Result<Flow, CommandError> {
        let made = call.services.certificate(&self.0)?;
        let name = &self.0.common_name;
        let file = |end: &str, content: String| Output::File {
            name: format!("{name}.{end}"),
            content,
            mode: FileMode::Create,
        };
        call.side.send(file("key", made.key));
        call.side.send(file("crt", made.certificate));
        Ok(Flow::lines([format!(
            "Key written to {name}.key, certificate to {name}.crt."
        )]))
    }
}
